/** A KV namespace of the deployed Worker, through wrangler. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import type { KeyValues } from './key-store.ts'
import { runWrangler } from './wrangler.ts'

const listedNamesSchema = z.array(z.object({ name: z.string() }))
const bulkValuesSchema = z.record(z.string(), z.string().nullable())

/** The most names that one bulk read may have. */
const BULK_LIMIT = 100

export class CloudflareKv implements KeyValues {
  readonly #binding: string
  readonly #stateDir: string

  /** @param stateDir where wrangler may keep what it needs */
  constructor(binding: string, stateDir: string) {
    this.#binding = binding
    this.#stateDir = stateDir
  }

  async put(name: string, value: string): Promise<void> {
    await this.#kv('key', 'put', name, value)
  }

  async delete(name: string): Promise<void> {
    await this.#kv('key', 'delete', name)
  }

  /** In bulk, where a name that is not there is no error. */
  async get(name: string): Promise<string | null> {
    return (await this.#bulkValues([name]))[name] ?? null
  }

  async names(): Promise<string[]> {
    return listedNamesSchema.parse(JSON.parse(await this.#kv('key', 'list'))).map(({ name }) => name)
  }

  async entries(): Promise<Map<string, string>> {
    const names = await this.names()
    const entries = new Map<string, string>()
    for (let start = 0; start < names.length; start += BULK_LIMIT) {
      const bulk = await this.#bulkValues(names.slice(start, start + BULK_LIMIT))
      for (const [name, value] of Object.entries(bulk)) if (value !== null) entries.set(name, value)
    }
    return entries
  }

  /** Wrangler takes the names from a file. */
  async #bulkValues(names: readonly string[]): Promise<z.infer<typeof bulkValuesSchema>> {
    const folder = await mkdtemp(path.join(tmpdir(), 'renderio-keys-'))
    try {
      const file = path.join(folder, 'names.json')
      await writeFile(file, JSON.stringify(names))
      return bulkValuesSchema.parse(JSON.parse(await this.#kv('bulk', 'get', file)))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  #kv(...args: string[]): Promise<string> {
    return runWrangler(['kv', ...args, `--binding=${this.#binding}`, '--remote', '--env=production'], this.#stateDir)
  }
}
