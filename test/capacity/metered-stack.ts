/** The Worker with a meter in the simulator, an executor, an input of its size and a receiver of webhooks. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { startMiniflare } from '../../src/cli/miniflare.ts'
import { findFreePort } from '../../src/cli/ports.ts'
import { PROJECT_ROOT } from '../../src/cli/settings.ts'
import { buildSite } from '../../src/cli/site.ts'
import { bundleWorker } from '../../src/cli/worker-bundle.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { startExecutor } from '../support/executor-process.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'
import { type Reading, readingSchema } from './figures.ts'

export interface MeteredStack {
  /** Origin of the API. */
  url: string
  apiKey: string
  /** Where the input is. */
  inputUrl: string
  receiver: WebhookReceiver
  read: () => Promise<Reading>
  reset: () => Promise<void>
  stop: () => Promise<void>
}

const TOKEN = 'a token of the count'

/**
 * Starts it.
 * @param seconds how long the command that is counted lasts: the input has half a megabyte for each, and is twice as long
 * @param keptSeconds after how long files expire and commands are deleted
 */
export async function startMeteredStack({
  seconds,
  keptSeconds,
}: {
  seconds: number
  keptSeconds: { files: number; command: number }
}): Promise<MeteredStack> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-capacity-'))
  const bundling = meteredBundle(path.join(stateDir, 'bundle'), stateDir)
  const [bundle, executor, receiver, source] = await Promise.all([
    bundling,
    startExecutor({ env: { EXECUTOR_TOKEN: TOKEN } }),
    WebhookReceiver.start(),
    serveInput(stateDir, seconds),
    buildSite(),
  ])
  const port = await findFreePort()
  const miniflare = await startMiniflare({
    bundle,
    port,
    stateDir,
    vars: {
      DEVELOPMENT_DEFAULTS: 'off',
      URL_SIGNING_SECRET: 'a secret of the count',
      FILE_RETENTION_DAYS: String(keptSeconds.files / 86_400),
      COMMAND_RETENTION_DAYS: String(keptSeconds.command / 86_400),
      METERED_EXECUTOR_URL: executor.url,
      METERED_EXECUTOR_TOKEN: TOKEN,
    },
  })
  const apiKey = newApiKey()
  const keys = await miniflare.getKVNamespace('KEYS')
  await keys.put(await hashApiKey(apiKey), JSON.stringify({ account: 'counted', label: 'the count', created_at: new Date().toISOString() }))
  const url = `http://localhost:${port}`
  return {
    url,
    apiKey,
    inputUrl: `http://127.0.0.1:${portOf(source)}/input.mov`,
    receiver,
    read: async () => readingSchema.parse(await (await fetch(`${url}/api/meter`)).json()),
    reset: async () => {
      await (await fetch(`${url}/api/meter`, { method: 'DELETE' })).text()
    },
    stop: async () => {
      await miniflare.dispose()
      source.closeAllConnections()
      source.close()
      await Promise.all([executor.stop(), receiver.stop()])
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}

/** The Worker of `wrangler.toml` with another entry, and the flag that its meter needs. */
async function meteredBundle(folder: string, stateDir: string) {
  const bundle = await bundleWorker(path.join(PROJECT_ROOT, 'wrangler.toml'), folder, stateDir, 'test/metered/index.ts')
  const options = JSON.parse(await readFile(bundle.options, 'utf8'))
  await writeFile(bundle.options, JSON.stringify({ ...options, compatibilityFlags: [...options.compatibilityFlags, 'nodejs_als'] }))
  return bundle
}

/** Pictures of one colour, 50 kB each and ten a second: half a megabyte for each of its seconds. */
async function serveInput(folder: string, seconds: number): Promise<Server> {
  const file = path.join(folder, 'input.mov')
  const source = ['-f', 'lavfi', '-i', `color=s=208x160:r=10:d=${2 * seconds}`, '-c:v', 'rawvideo', '-pix_fmt', 'yuv420p']
  await promisify(execFile)(FFMPEG, ['-v', 'error', '-y', ...source, file])
  const bytes = await readFile(file)
  const server = createServer((_, response) => response.writeHead(200, { 'content-length': bytes.length, etag: '"1"' }).end(bytes))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
