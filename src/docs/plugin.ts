/** Adds the pages below `/docs` to the static site. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Plugin } from 'vite'
import { GUIDES } from './contents.ts'
import { guidePage, overviewPage, referencePage, type Sources } from './page.ts'

const HERE = import.meta.dirname
/** The same colours and type as the console's. Scalar has classes of its own, so that the console's rules must stay away from it. */
const GUIDE_STYLES = ['../console/styles/tokens.css', '../console/styles/base.css', 'top.css', 'guide.css']
const REFERENCE_STYLES = ['../console/styles/tokens.css', 'top.css', 'reference.css']
/** Scalar as it is made to be served, with all that it needs inside. */
const SCALAR = createRequire(import.meta.url)
  .resolve('@scalar/api-reference')
  .replace(/dist\/.*/s, 'dist/browser/standalone.js')

export function docs(): Plugin {
  return {
    name: 'docs',
    async generateBundle() {
      const asset = async (name: string, files: readonly string[]) => {
        const contents = await Promise.all(files.map((file) => readFile(path.resolve(HERE, file), 'utf8')))
        return `/${this.getFileName(this.emitFile({ type: 'asset', name, source: contents.join('\n') }))}`
      }
      const favicon = await asset('favicon.svg', ['../site/favicon.svg'])
      const assets = { stylesheet: await asset('guide.css', GUIDE_STYLES), favicon }
      const scripts = [await asset('scalar.js', [SCALAR]), await asset('reference.js', ['reference.js'])]
      const sources = await readGuides()
      const emit = (fileName: string, source: string) => this.emitFile({ type: 'asset', fileName, source })
      emit('docs.html', referencePage(scripts, { stylesheet: await asset('reference.css', REFERENCE_STYLES), favicon }))
      emit('docs/guides.html', overviewPage(sources, assets))
      for (const guide of GUIDES) emit(`docs/guides/${guide}.html`, guidePage(guide, sources, assets))
    },
  }
}

async function readGuides(): Promise<Sources> {
  return new Map(
    await Promise.all(GUIDES.map(async (guide) => [guide, await readFile(path.join(HERE, `guides/${guide}.md`), 'utf8')] as const)),
  )
}
