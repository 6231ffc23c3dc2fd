/** A client of the API with an account of its own. Every answer it reads is held against the contract, to the letter. */
import { env, exports } from 'cloudflare:workers'
import { z } from '@hono/zod-openapi'
import { expect } from 'vitest'
import { hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { checkSubmit } from '../../src/api/check-submit.ts'
import { errorSchema, faultSchema, validationErrorSchema } from '../../src/api/errors.ts'
import {
  type CommandView,
  commandListSchema,
  commandSchema,
  outputFileSchema,
  submitSchema,
  submittedSchema,
} from '../../src/api/schemas.ts'
import { newsLineSchema } from '../../src/command/news-stream.ts'
import type { CommandSpec } from '../../src/command/record.ts'
import type { Fault } from '../../src/ffmpeg/command.ts'
import { LineReader } from '../../src/outbound/lines.ts'
import { settingsOf } from '../../src/settings.ts'
import { contract } from './contract.ts'

export const ORIGIN = 'http://renderio.test'
export const SUBMIT = '/api/v1/run-ffmpeg-command'
export const SUBMIT_CHAIN = '/api/v1/run-chained-ffmpeg-commands'
export const SUBMIT_MULTIPLE = '/api/v1/run-multiple-ffmpeg-commands'
export const VALIDATE = '/api/v1/validate'

const strictCommand = commandSchema
  .extend({
    original_request: commandSchema.shape.original_request.strict(),
    output_files: z.record(z.string(), outputFileSchema.strict()),
  })
  .strict()
const strictList = commandListSchema.extend({ commands: z.array(strictCommand) }).strict()
const strictFaults = validationErrorSchema.extend({ detail: z.array(faultSchema.strict()).min(1) }).strict()

/** Sends a request to the Worker. Throws when the answer is none that the OpenAPI document promises. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const asked = new Request(new URL(path, ORIGIN), init)
  const { method, url } = asked
  const answer = await exports.default.fetch(asked)
  await (await contract()).check(method, new URL(url).pathname, answer)
  return answer
}

/** Headers of a request from an address that no other has: strangers are limited by theirs. */
export function fromElsewhere(): { 'cf-connecting-ip': string } {
  return { 'cf-connecting-ip': crypto.getRandomValues(new Uint8Array(4)).join('.') }
}

/** A GET without a key. */
export function download(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(new Request(url, { headers }))
}

/** The body of an error other than 422. */
export async function errorOf(response: Response): Promise<z.infer<typeof errorSchema>> {
  const body = errorSchema.strict().parse(await response.json())
  expect(body.detail, 'the text is the same in both places').toBe(body.message)
  return body
}

/** The entries of a 422. */
export async function faultsOf(response: Response): Promise<Fault[]> {
  expect(response.status).toBe(422)
  return strictFaults.parse(await response.json()).detail
}

export class TestAccount {
  readonly name = `t-${crypto.randomUUID().slice(0, 13)}`
  readonly apiKey = newApiKey()

  static async create(): Promise<TestAccount> {
    const account = new TestAccount()
    await account.addKey(account.apiKey)
    return account
  }

  async addKey(key: string): Promise<void> {
    const record = { account: this.name, label: '', created_at: new Date().toISOString() }
    await env.KEYS.put(await hashApiKey(key), JSON.stringify(record))
  }

  async revokeKey(key: string): Promise<void> {
    await env.KEYS.delete(await hashApiKey(key))
  }

  get stub() {
    return env.ACCOUNT.get(env.ACCOUNT.idFromName(this.name))
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('x-api-key', this.apiKey)
    return request(path, { ...init, headers })
  }

  /** POSTs a submit as it is: text goes out unchanged, anything else as JSON. */
  post(body: unknown, init: { headers?: Record<string, string>; query?: string } = {}): Promise<Response> {
    return this.send(SUBMIT + (init.query ?? ''), body, init.headers)
  }

  /** As `post`, to any path. */
  send(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  }

  /** Submits a command and answers its id. */
  async submit(body: unknown, path = SUBMIT): Promise<string> {
    const response = await this.send(path, body)
    const text = await response.text()
    expect(response.status, text).toBe(200)
    return submittedSchema.strict().parse(JSON.parse(text)).command_id
  }

  /** Submits a command and answers how it ended. */
  async run(body: unknown, path = SUBMIT): Promise<CommandView> {
    return this.ended(await this.submit(body, path))
  }

  /** Answers how a command ended, however long that takes: the test's own limit is the only one. */
  async ended(commandId: string): Promise<CommandView> {
    for (;;) {
      const command = await this.poll(commandId, 50)
      if (command.status === 'SUCCESS' || command.status === 'FAILED') return command
    }
  }

  /**
   * Resolves as soon as a command is in this stage, with false where it ended without being seen there.
   * The command itself tells, since a stage may come and go between two polls.
   */
  async reaches(commandId: string, stage: NonNullable<CommandView['processing_stage']>): Promise<boolean> {
    const news = await commandStub(commandId).news(this.name, null)
    if (news === null || news === 'seen') throw new Error(`${this.name} has no command ${commandId}`)
    const lines = new LineReader(news, 10_000)
    for (let line = await lines.next(100_000); line; line = await lines.next(100_000)) {
      if (line.text === '' || newsLineSchema.parse(JSON.parse(line.text)).stage !== stage) continue
      lines.close()
      return true
    }
    return false
  }

  /** Ends a command of which a test has seen enough, lest the machine work on for nothing. */
  async cancel(commandId: string): Promise<void> {
    const response = await this.request(`/api/v1/commands/${commandId}/cancel`, { method: 'POST' })
    await response.body?.cancel()
    expect(response.status).toBe(200)
  }

  /** Runs a command that must succeed and answers its outputs. */
  async succeed(body: unknown, path = SUBMIT): Promise<CommandView> {
    const command = await this.run(body, path)
    expect(command.status, command.error_message ?? '').toBe('SUCCESS')
    return command
  }

  async poll(commandId: string, wait = 0): Promise<CommandView> {
    const response = await this.request(`/api/v1/commands/${commandId}${wait > 0 ? `?wait=${wait}` : ''}`)
    expect(response.status).toBe(200)
    return strictCommand.parse(await response.json())
  }

  async list(query = ''): Promise<z.infer<typeof commandListSchema>> {
    const response = await this.request(`/api/v1/commands${query}`)
    expect(response.status).toBe(200)
    return strictList.parse(await response.json())
  }

  async log(commandId: string): Promise<string> {
    const response = await this.request(`/api/v1/commands/${commandId}/log`)
    expect(response.status).toBe(200)
    return response.text()
  }
}

/** What is stored of a submit that has passed every check. */
export function newSpec(account: string, body: unknown): Promise<CommandSpec> {
  const identity = { id: crypto.randomUUID(), account, type: 'FFMPEG_COMMAND', createdAt: Date.now(), origin: ORIGIN } as const
  return checkSubmit(submitSchema.parse(body), identity, settingsOf(env))
}

export function commandStub(commandId: string) {
  return env.COMMAND.get(env.COMMAND.idFromName(commandId))
}

/** The one output of a command that has ended in SUCCESS. */
export function onlyOutput(command: CommandView): CommandView['output_files'][string] & { storage_url: string } {
  const [output, ...others] = Object.values(command.output_files)
  const url = output?.storage_url
  if (!output || !url || others.length > 0) throw new Error(`expected one stored output, found ${JSON.stringify(command.output_files)}`)
  return { ...output, storage_url: url }
}

/** Asks again until `probe` answers something, for 100 seconds at most. */
export async function until<T>(what: string, probe: () => Promise<T | null | false>): Promise<T> {
  const start = Date.now()
  for (;;) {
    const result = await probe()
    if (result !== null && result !== false) return result
    const waited = Date.now() - start
    if (waited > 100_000) throw new Error(`waited in vain until ${what}`)
    // What takes long is asked for less often: many tests wait at once, and what they ask takes time from what they wait for.
    await scheduler.wait(Math.min(Math.max(20, waited / 4), 500))
  }
}
