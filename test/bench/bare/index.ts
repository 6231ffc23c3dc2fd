/** What the server itself costs: a Durable Object with one row, a route that does nothing, and a transfer into R2. */
import { DurableObject } from 'cloudflare:workers'
import { uploadOutput } from '../../../src/command/upload.ts'
import { ExecutorClient } from '../../../src/executor/client.ts'

interface BareEnv {
  BARE: DurableObjectNamespace<Bare>
  FILES: R2Bucket
}

export class Bare extends DurableObject<BareEnv> {
  async write(): Promise<void> {
    this.ctx.storage.kv.put('row', { at: Date.now() })
  }

  async upload(executorUrl: string, sizeBytes: number): Promise<void> {
    const executor = new ExecutorClient({ fetch: (request) => fetch(request) }, executorUrl, null)
    const output = { alias: 'out_file', key: `bench/${crypto.randomUUID()}`, filename: 'file.mov', sizeBytes }
    const signal = new AbortController().signal
    await uploadOutput(output, { executor, job: 'bench', bucket: this.env.FILES, partBytes: sizeBytes, signal })
    await this.env.FILES.delete(output.key)
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url)
    const bare = env.BARE.get(env.BARE.newUniqueId())
    switch (url.pathname) {
      case '/api/submit':
        await bare.write()
        return Response.json({ command_id: crypto.randomUUID() })
      case '/api/upload':
        await bare.upload(url.searchParams.get('executor') ?? '', Number(url.searchParams.get('bytes')))
        return Response.json({ ok: true })
      default:
        return Response.json({ ok: true })
    }
  },
} satisfies ExportedHandler<BareEnv>
