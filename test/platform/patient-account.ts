/** A client that asks again where an object was evicted under its request, as clients of a service that is deployed anew must. */
import { exports } from 'cloudflare:workers'
import { z } from 'zod'
import { fileBegunSchema, fileSchema, uploadBegunSchema } from '../../src/api/file-schemas.ts'
import { type CommandView, commandSchema, submittedSchema } from '../../src/api/schemas.ts'
import { ORIGIN, SUBMIT, TestAccount, until } from '../worker/client.ts'

export class PatientAccount {
  readonly #account: TestAccount

  private constructor(account: TestAccount) {
    this.#account = account
  }

  static async create(): Promise<PatientAccount> {
    const account = await TestAccount.create()
    return new PatientAccount(account)
  }

  get name(): string {
    return this.#account.name
  }

  get stub() {
    return this.#account.stub
  }

  /** Submits a command, once however often it has to be sent, and answers its id. */
  async submit(body: unknown, path = SUBMIT): Promise<string> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
    const submitted = await this.#ask(submittedSchema, path, { method: 'POST', headers, body: JSON.stringify(body) })
    return submitted.command_id
  }

  poll(commandId: string, wait = 0): Promise<CommandView> {
    return this.#ask(commandSchema, `/api/v1/commands/${commandId}?wait=${wait}`)
  }

  /** How a command has ended: SUCCESS, or the status of its error. */
  async ended(commandId: string): Promise<string> {
    for (;;) {
      const { status, error_status } = await this.poll(commandId, 20)
      if (status === 'SUCCESS' || status === 'FAILED') return error_status ?? status
    }
  }

  async cancel(commandId: string): Promise<void> {
    await this.#ask(z.unknown(), `/api/v1/commands/${commandId}/cancel`, { method: 'POST' })
  }

  /** Has a file stored that is at this address. Answers how that ended. */
  async storeFile(file_url: string): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    const { file_id } = await this.#ask(fileBegunSchema, '/api/v1/files/store-file', {
      method: 'POST',
      headers,
      body: JSON.stringify({ file_url }),
    })
    return this.#fileEnded(file_id)
  }

  /** Uploads a file in parts. Answers how that ended. */
  async uploadInParts(bytes: Uint8Array<ArrayBuffer>, filename: string): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    const { file_id, part_size, upload_urls } = await this.#ask(uploadBegunSchema, '/api/v1/files/init-upload', {
      method: 'POST',
      headers,
      body: JSON.stringify({ filename, size_bytes: bytes.length }),
    })
    const parts = await Promise.all(
      upload_urls.map(async (url, index) => {
        const body = bytes.slice(index * part_size, (index + 1) * part_size)
        const { headers: answered } = await this.#send(new URL(url).pathname + new URL(url).search, { method: 'PUT', body })
        return { part_number: index + 1, etag: answered.get('etag') ?? '' }
      }),
    )
    await this.#ask(fileSchema, `/api/v1/files/${file_id}/complete-upload`, { method: 'POST', headers, body: JSON.stringify({ parts }) })
    return this.#fileEnded(file_id)
  }

  /** Ids of all files that the account lists. */
  async fileIds(): Promise<Set<string>> {
    const schema = z.object({ files: z.array(z.object({ file_id: z.string() })) })
    const { files } = await this.#ask(schema, '/api/v1/files?limit=100')
    return new Set(files.map(({ file_id }) => file_id))
  }

  async #fileEnded(fileId: string): Promise<string> {
    return until(`file ${fileId} is stored`, async () => {
      const { status, error_status } = await this.#ask(fileSchema, `/api/v1/files/${fileId}`)
      return status !== 'PROCESSING' && (error_status ?? status)
    })
  }

  async #ask<Schema extends z.ZodType>(schema: Schema, path: string, init: RequestInit = {}): Promise<z.output<Schema>> {
    const text = await (await this.#send(path, init)).text()
    return schema.parse(JSON.parse(text))
  }

  /** Resolves with the first answer that is none of an object that went away. Throws for a refusal. */
  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('x-api-key', this.#account.apiKey)
    return until(`${path} is answered`, async () => {
      const answer = await exports.default.fetch(new Request(new URL(path, ORIGIN), { ...init, headers })).catch(() => null)
      if (answer === null || answer.ok) return answer
      const text = await answer.text()
      if (answer.status < 500) throw new Error(`${init.method ?? 'GET'} ${path} is answered with ${answer.status}: ${text}`)
      return null
    })
  }
}
