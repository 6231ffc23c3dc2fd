/**
 * API keys in KV, through wrangler, which writes the local store and Cloudflare's alike.
 * The local one is a SQLite file: a running stack sees a change at once.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { type ApiKeyRecord, apiKeyRecordSchema } from '../api/api-key.ts'
import { runWrangler } from './wrangler.ts'

const listedKeysSchema = z.array(z.object({ name: z.string() }))
/** The local store wraps each value in an object, Cloudflare's answer has it bare. */
const bulkValueSchema = z.union([z.string().nullable(), z.object({ value: z.string().nullable() }).transform(({ value }) => value)])
const bulkValuesSchema = z.record(z.string(), bulkValueSchema)

/** The most names that one bulk read may have. */
const BULK_LIMIT = 100

export class KeyStore {
  readonly #stateDir: string
  readonly #place: readonly string[]

  constructor(place: { stateDir: string; remote: boolean }) {
    this.#stateDir = place.stateDir
    this.#place = [
      '--binding=KEYS',
      ...(place.remote ? ['--remote', '--env=production'] : ['--env=', '--local', `--persist-to=${place.stateDir}`]),
    ]
  }

  async put(hash: string, record: ApiKeyRecord): Promise<void> {
    await this.#kv('key', 'put', hash, JSON.stringify(record))
  }

  async delete(hash: string): Promise<void> {
    await this.#kv('key', 'delete', hash)
  }

  async hashes(): Promise<string[]> {
    return listedKeysSchema.parse(JSON.parse(await this.#kv('key', 'list'))).map((key) => key.name)
  }

  /** Every key's record by its hash, oldest first. */
  async list(): Promise<Map<string, ApiKeyRecord>> {
    const hashes = await this.hashes()
    const records: [string, ApiKeyRecord][] = []
    for (let start = 0; start < hashes.length; start += BULK_LIMIT) {
      const values = await this.#values(hashes.slice(start, start + BULK_LIMIT))
      for (const [hash, value] of Object.entries(values)) {
        if (value !== null) records.push([hash, apiKeyRecordSchema.parse(JSON.parse(value))])
      }
    }
    return new Map(records.sort(([, a], [, b]) => a.created_at.localeCompare(b.created_at)))
  }

  /** Wrangler takes the names from a file. */
  async #values(hashes: readonly string[]): Promise<z.infer<typeof bulkValuesSchema>> {
    const folder = await mkdtemp(path.join(tmpdir(), 'renderio-keys-'))
    try {
      const file = path.join(folder, 'names.json')
      await writeFile(file, JSON.stringify(hashes))
      return bulkValuesSchema.parse(JSON.parse(await this.#kv('bulk', 'get', file)))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  #kv(...args: string[]): Promise<string> {
    return runWrangler(['kv', ...args, ...this.#place], this.#stateDir)
  }
}
