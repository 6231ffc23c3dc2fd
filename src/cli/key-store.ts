/** API keys in KV, on Cloudflare or on this machine, where a running stack sees a change at once. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { type ApiKeyRecord, apiKeyRecordSchema } from '../api/api-key.ts'
import { CloudflareKv } from './cloudflare-kv.ts'
import { LocalKv } from './local-kv.ts'
import { PROJECT_ROOT } from './settings.ts'

/** The binding that the Worker has the keys in. */
const BINDING = 'KEYS'

/** What stands in `wrangler.toml` of the Worker on this machine. Wrangler, who would read it too, is two hundred megabytes large. */
const namespacesSchema = z.object({ kv_namespaces: z.array(z.object({ binding: z.string(), id: z.string() })) })

/** What a store of names and values does for the keys. Each may throw an OperatorError. */
export interface KeyValues {
  put(name: string, value: string): Promise<void>
  delete(name: string): Promise<void>
  names(): Promise<string[]>
  /** Every name with its value. */
  entries(): Promise<Map<string, string>>
}

export class KeyStore {
  readonly #kv: KeyValues

  constructor(place: { stateDir: string; remote: boolean }) {
    this.#kv = place.remote ? new CloudflareKv(BINDING, place.stateDir) : new LocalKv(namespaceId(), place.stateDir)
  }

  async put(hash: string, record: ApiKeyRecord): Promise<void> {
    await this.#kv.put(hash, JSON.stringify(record))
  }

  async delete(hash: string): Promise<void> {
    await this.#kv.delete(hash)
  }

  hashes(): Promise<string[]> {
    return this.#kv.names()
  }

  /** Every key's record by its hash, oldest first. */
  async list(): Promise<Map<string, ApiKeyRecord>> {
    const entries = await this.#kv.entries()
    const records = [...entries].map(([hash, value]): [string, ApiKeyRecord] => [hash, apiKeyRecordSchema.parse(JSON.parse(value))])
    return new Map(records.sort(([, a], [, b]) => a.created_at.localeCompare(b.created_at)))
  }
}

/** Id of the namespace that the Worker of this machine has the keys in. */
export function namespaceId(): string {
  const { kv_namespaces } = namespacesSchema.parse(parse(readFileSync(path.join(PROJECT_ROOT, 'wrangler.toml'), 'utf8')))
  const namespace = kv_namespaces.find(({ binding }) => binding === BINDING)
  if (namespace === undefined) throw new Error(`wrangler.toml has no KV namespace ${BINDING}`)
  return namespace.id
}
