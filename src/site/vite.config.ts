/** How the static pages are made: each `index.html` below this folder becomes a page at its path, in the folder that `src/cli/site.ts` names. */
import { globSync } from 'node:fs'
import path from 'node:path'
import { defineConfig } from 'vite'
import { docs } from '../docs/plugin.ts'

const HERE = import.meta.dirname

export default defineConfig({
  root: HERE,
  plugins: [
    {
      name: 'console-before-first-paint',
      // What the console's script decides, the theme above all, is there when something is first seen.
      transformIndexHtml: (html, { path: page }) =>
        page === '/index.html' ? html.replace('<script type="module"', '$& blocking="render"') : html,
    },
    docs(),
  ],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: ['chrome125', 'firefox128', 'safari17.5'],
    // Anything inline would be refused by the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // hls.js, which is loaded with the first playlist only.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: globSync('**/index.html', { cwd: HERE }).map((page) => path.join(HERE, page)),
      // What a plugin takes is of no use to whoever starts the service.
      checks: { pluginTimings: false },
    },
  },
})
