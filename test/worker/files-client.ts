/** What the tests of files send and read. Every answer is held against the contract, to the letter. */
import { env } from 'cloudflare:workers'
import type { z } from '@hono/zod-openapi'
import { expect } from 'vitest'
import {
  type FileView,
  fileBegunSchema,
  fileDeletedSchema,
  fileListSchema,
  fileSchema,
  uploadBegunSchema,
} from '../../src/api/file-schemas.ts'
import { type TestAccount, until } from './client.ts'

export type FileBegun = z.infer<typeof fileBegunSchema>

const strictList = fileListSchema.extend({ files: fileSchema.strict().array() }).strict()

export class FilesClient {
  readonly #account: TestAccount

  constructor(account: TestAccount) {
    this.#account = account
  }

  /** POSTs a body that is no JSON to the upload. */
  postForm(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    return this.#account.request('/api/v1/files/upload', { method: 'POST', body, headers })
  }

  postJson(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    return this.#account.request(`/api/v1/files${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  async upload(bytes: string | Uint8Array<ArrayBuffer>, filename: string): Promise<FileBegun> {
    const form = new FormData()
    form.set('file', new File([bytes], filename))
    return parsed(fileBegunSchema.strict(), await this.postForm(form))
  }

  async storeFile(file_url: string, filename?: string): Promise<FileBegun> {
    return parsed(fileBegunSchema.strict(), await this.postJson('/store-file', { file_url, ...(filename && { filename }) }))
  }

  async initUpload(filename: string, size_bytes: number | string): Promise<z.infer<typeof uploadBegunSchema>> {
    return parsed(uploadBegunSchema.strict(), await this.postJson('/init-upload', { filename, size_bytes }))
  }

  async complete(fileId: string, parts: unknown): Promise<FileView> {
    return parsed(fileSchema.strict(), await this.postJson(`/${fileId}/complete-upload`, { parts }))
  }

  get(fileId: string): Promise<Response> {
    return this.#account.request(`/api/v1/files/${fileId}`)
  }

  async read(fileId: string): Promise<FileView> {
    return parsed(fileSchema.strict(), await this.get(fileId))
  }

  async list(query = ''): Promise<z.infer<typeof fileListSchema>> {
    return parsed(strictList, await this.#account.request(`/api/v1/files${query}`))
  }

  remove(fileId: string): Promise<Response> {
    return this.#account.request(`/api/v1/files/${fileId}`, { method: 'DELETE' })
  }

  async removed(fileId: string): Promise<z.infer<typeof fileDeletedSchema>> {
    return parsed(fileDeletedSchema.strict(), await this.remove(fileId))
  }

  /** The file once it is STORED or has FAILED. */
  settled(fileId: string): Promise<FileView> {
    return until(`file ${fileId} is stored`, async () => {
      const file = await this.read(fileId)
      return file.status !== 'PROCESSING' && file
    })
  }

  /** The file once an executor has looked into it. */
  probed(fileId: string): Promise<FileView> {
    return until(`file ${fileId} is probed`, async () => {
      const file = await this.read(fileId)
      return file.file_type !== null && file
    })
  }

  /** Keys of all that the account has in the bucket. */
  async stored(): Promise<string[]> {
    const { objects } = await env.FILES.list({ prefix: `${this.#account.name}/` })
    return objects.map(({ key }) => key)
  }
}

async function parsed<Schema extends z.ZodType>(schema: Schema, response: Response): Promise<z.output<Schema>> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return schema.parse(JSON.parse(text))
}

export function fileStub(fileId: string) {
  return env.STORED_FILE.get(env.STORED_FILE.idFromName(fileId))
}
