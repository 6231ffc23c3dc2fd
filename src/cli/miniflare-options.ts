/**
 * Prints as JSON what Miniflare must know of the Worker of a `wrangler.toml`: `node miniflare-options.ts <wrangler.toml>`.
 * A program of its own, because wrangler takes a quarter of a gigabyte that whoever asks it would keep.
 */
import { createRequire } from 'node:module'

/** Required, since Node takes longer to search so large a CommonJS file for the names in it than to run it. */
const { unstable_getMiniflareWorkerOptions, unstable_readConfig }: typeof import('wrangler') = createRequire(import.meta.url)('wrangler')

const [config = ''] = process.argv.slice(2)
const { name, vars } = unstable_readConfig({ config, env: '' })
const { workerOptions } = unstable_getMiniflareWorkerOptions(config, '', { overrides: { enableContainers: false } })
// The variables are the configuration's alone, without what a `.env` or `.dev.vars` beside it would add.
console.log(JSON.stringify({ ...workerOptions, name, bindings: vars }))
