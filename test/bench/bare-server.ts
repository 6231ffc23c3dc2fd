/** The bare Worker in the same simulator as the service, and a stand-in executor that serves zeros for its transfer into R2. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findFreePort } from '../../src/cli/ports.ts'
import { PROJECT_ROOT } from '../../src/cli/settings.ts'
import { Supervised } from '../../src/cli/supervise.ts'
import { bundleWorker } from '../../src/cli/worker-bundle.ts'
import { localWorkerArgv } from '../../src/cli/worker-process.ts'
import { wranglerEnvironment } from '../../src/cli/wrangler.ts'
import { waitUntil } from '../support/wait-until.ts'

export interface BareServer {
  url: string
  /** Of the process that all of its own come from. */
  pid: number
  /** Milliseconds for moving so many bytes from an executor into the local R2. */
  timeUpload: (bytes: number) => Promise<number>
  stop: () => Promise<void>
}

export async function startBareServer(): Promise<BareServer> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-bare-'))
  const port = await findFreePort()
  const config = path.join(PROJECT_ROOT, 'test/bench/bare/wrangler.toml')
  const bundle = await bundleWorker(config, path.join(stateDir, 'bundle'), stateDir)
  const worker = new Supervised({
    name: 'The bare Worker',
    argv: localWorkerArgv({ bundle, port, stateDir, envFile: '/dev/null', apiKey: null }),
    cwd: PROJECT_ROOT,
    env: wranglerEnvironment(stateDir),
    graceMs: 5000,
    onLine: () => undefined,
    onEvent: console.error,
  })
  const url = `http://127.0.0.1:${port}/api`
  await waitUntil('the bare Worker answers', async () => (await fetch(url).catch(() => null))?.ok, 60_000)
  const zeros = await startZeroServer()
  return {
    url,
    pid: worker.pid,
    timeUpload: async (bytes) => {
      const start = performance.now()
      const response = await fetch(`${url}/upload?executor=${encodeURIComponent(`${zeros.url}/${bytes}`)}&bytes=${bytes}`)
      if (!response.ok) throw new Error(await response.text())
      await response.arrayBuffer()
      return performance.now() - start
    },
    stop: async () => {
      await worker.stop()
      zeros.stop()
      await rm(stateDir, { recursive: true })
    },
  }
}

/** Serves zeros, as many as the first part of the path says. */
async function startZeroServer(): Promise<{ url: string; stop: () => void }> {
  const zeros = Buffer.alloc(1 << 20)
  const server = createServer((request, response) => {
    let left = Number(/^\/(\d+)\//.exec(request.url ?? '')?.[1])
    response.writeHead(200, { 'content-length': left })
    const send = () => {
      while (left > 0) {
        const size = Math.min(left, zeros.length)
        left -= size
        if (!response.write(zeros.subarray(0, size))) return response.once('drain', send)
      }
      return response.end()
    }
    send()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
