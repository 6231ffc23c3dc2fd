/** API keys in KV, on Cloudflare or on this machine, where a running stack sees a change at once. */
import { type ApiKeyRecord, apiKeyRecordSchema } from '../api/api-key.ts'
import { CloudflareKv } from './cloudflare-kv.ts'
import { LocalKv } from './local-kv.ts'
import { readWranglerConfig } from './wrangler-config.ts'

/** The binding that the Worker has the keys in. */
const BINDING = 'KEYS'

/** What a store of names and values does for the keys. Each may throw an OperatorError. */
export interface KeyValues {
  put(name: string, value: string): Promise<void>
  delete(name: string): Promise<void>
  names(): Promise<string[]>
  /** Names without a value are left out. */
  values(names: readonly string[]): Promise<Map<string, string>>
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
    const values = await this.#kv.values(await this.#kv.names())
    const records = [...values].map(([hash, value]): [string, ApiKeyRecord] => [hash, apiKeyRecordSchema.parse(JSON.parse(value))])
    return new Map(records.sort(([, a], [, b]) => a.created_at.localeCompare(b.created_at)))
  }
}

/** Id of the namespace that the Worker has the keys in. */
export function namespaceId(): string {
  const namespace = readWranglerConfig().kv_namespaces.find(({ binding }) => binding === BINDING)
  if (namespace === undefined) throw new Error(`wrangler.toml has no KV namespace ${BINDING}`)
  return namespace.id
}
