/** API keys in KV, on Cloudflare or on this machine, where a running stack sees a change at once; and which accounts are being deleted. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { type DeletionRecord, deletedAccount, deletionName, deletionRecordSchema } from '../account/deletion-record.ts'
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
  /** Null where there is no such name. */
  get(name: string): Promise<string | null>
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

  async hashes(): Promise<string[]> {
    return (await this.#kv.names()).filter(isHash)
  }

  /** Every key's record by its hash, oldest first, and every account that is being deleted or was of late, by its name. */
  async list(): Promise<{ keys: Map<string, ApiKeyRecord>; deletions: Map<string, DeletionRecord> }> {
    const entries = await this.#kv.entries()
    const deletions = [...entries].flatMap(([name, value]): [string, DeletionRecord][] => {
      const account = deletedAccount(name)
      return account === null ? [] : [[account, deletionRecordSchema.parse(JSON.parse(value))]]
    })
    return { keys: keysIn(entries), deletions: new Map(deletions) }
  }

  /** Null where the account is not being deleted. */
  async deletion(account: string): Promise<DeletionRecord | null> {
    const value = await this.#kv.get(deletionName(account))
    return value === null ? null : deletionRecordSchema.parse(JSON.parse(value))
  }

  async putDeletion(account: string, record: DeletionRecord): Promise<void> {
    await this.#kv.put(deletionName(account), JSON.stringify(record))
  }

  async forgetDeletion(account: string): Promise<void> {
    await this.#kv.delete(deletionName(account))
  }
}

/** What else is stored beside the keys has another name than a hash. */
function isHash(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name)
}

function keysIn(entries: Map<string, string>): Map<string, ApiKeyRecord> {
  const records = [...entries]
    .filter(([name]) => isHash(name))
    .map(([hash, value]): [string, ApiKeyRecord] => [hash, apiKeyRecordSchema.parse(JSON.parse(value))])
  return new Map(records.sort(([, a], [, b]) => a.created_at.localeCompare(b.created_at)))
}

/** Id of the namespace that the Worker of this machine has the keys in. */
export function namespaceId(): string {
  const { kv_namespaces } = namespacesSchema.parse(parse(readFileSync(path.join(PROJECT_ROOT, 'wrangler.toml'), 'utf8')))
  const namespace = kv_namespaces.find(({ binding }) => binding === BINDING)
  if (namespace === undefined) throw new Error(`wrangler.toml has no KV namespace ${BINDING}`)
  return namespace.id
}
