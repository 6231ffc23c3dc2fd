/** Cloudflare on this machine: Miniflare, the simulator that wrangler's development server has inside, with its stores in a state folder. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import { LOOPBACK } from './ports.ts'
import { sourceLines } from './source-lines.ts'
import type { WorkerBundle } from './worker-bundle.ts'

/** Node searches a CommonJS file that is imported for the names in it, which takes longer than running these six megabytes. */
const { convertV4MiniflareOptions, Log, LogLevel, Miniflare }: typeof import('miniflare') = createRequire(import.meta.url)('miniflare')
type Miniflare = InstanceType<typeof Miniflare>

/** What `miniflare-options.ts` has printed. */
const optionsSchema = z.looseObject({ name: z.string(), bindings: z.record(z.string(), z.string()) })

export interface LocalWorker {
  bundle: WorkerBundle
  /** Laid over the variables of the configuration. */
  vars: Readonly<Record<string, string>>
  port: number
  stateDir: string
}

/** Starts a Worker that answers on the loopback interface, and prints what it logs. Resolves when it listens. */
export async function startMiniflare({ bundle, vars, port, stateDir }: LocalWorker): Promise<Miniflare> {
  const { name, bindings, ...options } = optionsSchema.parse(JSON.parse(await readFile(bundle.options, 'utf8')))
  const inSources = sourceLines(bundle.script)
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: LOOPBACK,
      // Miniflare's own door is somewhere else: it has pages for developers below /cdn-cgi/, and headers that stand for another URL.
      port: 0,
      // Where a request comes from would be asked of the network.
      cf: false,
      resourcePersistencePath: storesIn(stateDir),
      log: new Log(LogLevel.WARN),
      logRequests: false,
      handleStructuredLogs({ level, message }) {
        if (level === 'error' || level === 'warn') console.error(inSources(message))
        else console.log(inSources(message))
      },
      workers: [
        {
          ...options,
          name,
          bindings: { ...bindings, ...vars },
          modules: [{ type: 'ESModule', path: bundle.script, contents: await readFile(bundle.script, 'utf8') }],
          modulesRoot: path.dirname(bundle.script),
          unsafeDirectSockets: [{ host: LOOPBACK, port }],
        },
      ],
    }),
  )
  await miniflare.ready
  return miniflare
}

export type LocalNamespace = Awaited<ReturnType<Miniflare['getKVNamespace']>>

/** Lends the KV namespace `id` of a state folder, without a Worker. Throws what `work` throws. */
export async function withLocalKv<T>(
  { id, stateDir }: { id: string; stateDir: string },
  work: (kv: LocalNamespace) => Promise<T>,
): Promise<T> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      resourcePersistencePath: storesIn(stateDir),
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      workers: [{ modules: [NOTHING], kvNamespaces: { KV: id } }],
    }),
  )
  try {
    return await work(await miniflare.getKVNamespace('KV'))
  } finally {
    await miniflare.dispose()
  }
}

/** A Worker that nobody asks. */
const NOTHING = { type: 'ESModule', path: 'nothing.js', contents: 'export default {}' } as const

/** Where wrangler too keeps what it stores locally. */
function storesIn(stateDir: string): string {
  return path.join(stateDir, 'v3')
}
