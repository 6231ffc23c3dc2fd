/**
 * Prints as JSON what Miniflare must know of the Worker of a `wrangler.toml`: `node miniflare-options.ts <wrangler.toml>`.
 * A program of its own, because wrangler takes a quarter of a gigabyte that whoever asks it would keep.
 */
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler'

const [config = ''] = process.argv.slice(2)
const { name, vars } = unstable_readConfig({ config, env: '' })
const { workerOptions } = unstable_getMiniflareWorkerOptions(config, '', { overrides: { enableContainers: false } })
// The variables are the configuration's alone, without what a `.env` or `.dev.vars` beside it would add.
console.log(JSON.stringify({ ...workerOptions, name, bindings: vars }))
