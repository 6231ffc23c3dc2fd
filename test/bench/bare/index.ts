/** What the server itself costs: a Durable Object with one row, a route that does nothing, and a transfer into R2. */
import { DurableObject } from 'cloudflare:workers'
import { Budget } from '../../../src/durable/budget.ts'
import { ENGINE_LIMITS } from '../../../src/durable/limits.ts'
import { storeFile } from '../../../src/durable/store-file.ts'
import { Turns } from '../../../src/durable/turns.ts'
import { StoredUploads } from '../../../src/durable/upload-record.ts'
import { ExecutorClient } from '../../../src/executor/client.ts'
import { BucketObject } from '../../../src/files/bucket-object.ts'

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
    const key = `bench/${crypto.randomUUID()}`
    const budget = new Budget(ENGINE_LIMITS)
    await storeFile(
      sizeBytes,
      (part, signal) => executor.output('bench', 'out_file', part, signal),
      new BucketObject(this.env.FILES, key, 'file.mov'),
      new StoredUploads(this.ctx.storage).of(key),
      { partBytes: sizeBytes, turns: new Turns(ENGINE_LIMITS.transfersAtOnce), budget, signal: budget.signal },
    )
    budget.close()
    await this.env.FILES.delete(key)
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
