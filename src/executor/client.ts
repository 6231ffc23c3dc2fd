/** The Worker's side of the executor protocol. */
import type { z } from 'zod'
import type { PlacedPiece } from '../durable/piece.ts'
import { within } from '../outbound/deadline.ts'
import { ExecutorFailure, failureOf, parseJson, platformFailure } from './failure.ts'
import { JobStateStream } from './job-state-stream.ts'
import {
  type ExecutorHealth,
  executorHealthSchema,
  inputStoredSchema,
  MAX_BYTES_HEADER,
  MAX_JOB_BYTES_HEADER,
  type OutputList,
  outputListSchema,
  type ProbedFiles,
  probedFilesSchema,
  type RunRequest,
  STATES_TYPE,
} from './protocol.ts'

/** In bytes. */
export interface InputLimits {
  /** Of the file. */
  maxBytes: number
  /** Of all inputs of the job together. */
  maxJobBytes: number
}

/** What carries the requests: the network, or a container's Durable Object. */
export interface ExecutorTransport {
  fetch(request: Request): Promise<Response>
}

/** An answer that is slower than this is no answer, in milliseconds. Streams and long polls have their own bounds. */
const ANSWER_TIMEOUT_MS = 30_000
/** The executor itself gives up on a file sooner. */
const PROBE_TIMEOUT_MS = 60_000
/** How long an executor that knows of no streams holds a question for the next state, in seconds. */
const LONG_POLL_SECONDS = 20
const LONG_POLL_GRACE_MS = 10_000
const SECOND_TRY_MS = 100

export class ExecutorClient {
  readonly #transport: ExecutorTransport
  readonly #baseUrl: string
  readonly #token: string | null

  constructor(transport: ExecutorTransport, baseUrl: string, token: string | null) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#token = token
  }

  /** Streams an input in, or a piece of one: what begins at 0 begins it anew, and any other goes on with it. Answers the bytes that are there now. */
  async putInput(job: string, filename: string, piece: PlacedPiece, limits: InputLimits, signal: AbortSignal): Promise<number> {
    const { offset, length, totalBytes } = piece
    const headers = new Headers({
      'content-type': 'application/octet-stream',
      [MAX_BYTES_HEADER]: String(limits.maxBytes),
      [MAX_JOB_BYTES_HEADER]: String(limits.maxJobBytes),
    })
    if (offset > 0) {
      const last = length === null ? '*' : offset + length - 1
      headers.set('content-range', `bytes ${offset}-${last}/${totalBytes ?? '*'}`)
    }
    const stored = await this.#json(inputStoredSchema, `/v1/jobs/${job}/inputs/${filename}`, {
      method: 'PUT',
      headers,
      body: piece.stream,
      signal,
    })
    return stored.bytes
  }

  /** Bytes of an input that the executor has; null when it has none. */
  async inputSize(job: string, filename: string): Promise<number | null> {
    return within(ANSWER_TIMEOUT_MS, async (signal) => {
      const response = await this.#sendAgain(`/v1/jobs/${job}/inputs/${filename}`, { method: 'HEAD', signal })
      if (response.status === 404) return null
      if (!response.ok) throw await failureOf(response)
      return Number(response.headers.get('content-length'))
    })
  }

  /** What is in inputs that were PUT before. */
  async probe(job: string, files: string[], signal: AbortSignal): Promise<ProbedFiles> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ files }) }
    return within(PROBE_TIMEOUT_MS, (tooLate) =>
      this.#json(probedFilesSchema, `/v1/jobs/${job}/probe`, { ...init, signal: AbortSignal.any([signal, tooLate]) }),
    )
  }

  /** Hands the job over, once its inputs are there. The states that follow are read from the answer until `signal` aborts. */
  async run(job: string, request: RunRequest, signal: AbortSignal): Promise<JobStateStream> {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(request) }
    return this.#states(`/v1/jobs/${job}/run`, init, ANSWER_TIMEOUT_MS, signal)
  }

  /**
   * Tells of a run whose inputs are to come, and so finds out whether there is an executor for it: throws what any request to it would. One that
   * knows no such thing refuses, which is no loss.
   */
  async prepare(job: string, request: RunRequest, signal: AbortSignal): Promise<void> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) }
    await within(ANSWER_TIMEOUT_MS, async (tooLate) => {
      const response = await this.#send(`/v1/jobs/${job}/prepare`, { ...init, signal: AbortSignal.any([signal, tooLate]) })
      if (response.ok) {
        await response.body?.cancel()
        return
      }
      const failure = await failureOf(response)
      if (failure.fault !== 'refused') throw failure
    })
  }

  /** The job's states whose revision is above `after`, as they come, until `signal` aborts. An executor of an older version tells one, and waits for it. */
  async states(job: string, after: number, signal: AbortSignal): Promise<JobStateStream> {
    const timeoutMs = LONG_POLL_SECONDS * 1000 + LONG_POLL_GRACE_MS
    return this.#states(`/v1/jobs/${job}?after=${after}&wait=${LONG_POLL_SECONDS}`, {}, timeoutMs, signal)
  }

  /** The bytes of an output: all, or `length` of them from `offset`. */
  async output(job: string, alias: string, part: { offset: number; length: number } | null, signal: AbortSignal): Promise<ReadableStream> {
    return this.#bytes(`/v1/jobs/${job}/outputs/${alias}`, part, signal)
  }

  /** The files that a playlist among the outputs consists of. */
  async outputFiles(job: string, alias: string): Promise<OutputList['files']> {
    const path = `/v1/jobs/${job}/outputs/${alias}/files`
    return within(ANSWER_TIMEOUT_MS, async (signal) => (await this.#json(outputListSchema, path, { signal })).files)
  }

  /** The bytes of one file of a playlist: all, or `length` of them from `offset`. */
  async outputFile(
    job: string,
    alias: string,
    name: string,
    part: { offset: number; length: number } | null,
    signal: AbortSignal,
  ): Promise<ReadableStream> {
    return this.#bytes(`/v1/jobs/${job}/outputs/${alias}/files/${encodeURIComponent(name)}`, part, signal)
  }

  /** FFmpeg's stderr so far; of more than `lastBytes` their end. An executor that does not know of such a number answers all that it has. */
  async log(job: string, lastBytes: number): Promise<string> {
    return within(ANSWER_TIMEOUT_MS, async (signal) => {
      const response = await this.#send(`/v1/jobs/${job}/log?last=${lastBytes}`, { signal })
      if (!response.ok) throw await failureOf(response)
      return response.text().catch(cutOff)
    })
  }

  /** Stops the job and wipes its folder. Idempotent. */
  async remove(job: string): Promise<void> {
    return within(ANSWER_TIMEOUT_MS, async (signal) => {
      const response = await this.#sendAgain(`/v1/jobs/${job}`, { method: 'DELETE', signal })
      if (!response.ok) throw await failureOf(response)
      await response.body?.cancel()
    })
  }

  /** The executor's own report, in so many milliseconds at most. An executor whose FFmpeg does not run answers too, with `ok: false`. */
  async health(timeoutMs = ANSWER_TIMEOUT_MS): Promise<ExecutorHealth> {
    return within(timeoutMs, async (signal) => {
      const response = await this.#send('/v1/health', { signal })
      const report = executorHealthSchema.safeParse(parseJson(await response.clone().text()))
      if (!report.success) throw await failureOf(response)
      return report.data
    })
  }

  /** Throws `too_old` where the executor is of a revision of the protocol below this one. */
  async mustBeOfRevision(needed: number): Promise<void> {
    const { protocol_revision: revision } = await this.health()
    if (revision >= needed) return
    const message = `the executor is too old for this command, which needs revision ${needed} of the executor protocol, and it has ${revision}`
    throw new ExecutorFailure('too_old', `${message}; its operator has to update it`)
  }

  async #bytes(path: string, part: { offset: number; length: number } | null, signal: AbortSignal): Promise<ReadableStream> {
    const headers = new Headers()
    if (part) headers.set('range', `bytes=${part.offset}-${part.offset + part.length - 1}`)
    const response = await this.#send(path, { headers, signal })
    if (!response.ok || !response.body) throw await failureOf(response)
    return response.body
  }

  async #states(path: string, init: RequestInit, timeoutMs: number, signal: AbortSignal): Promise<JobStateStream> {
    const headers = new Headers(init.headers)
    headers.set('accept', STATES_TYPE)
    return within(timeoutMs, async (tooLate) => {
      const response = await this.#send(path, { ...init, headers, signal: AbortSignal.any([signal, tooLate]) })
      if (!response.ok || !response.body) throw await failureOf(response)
      return new JobStateStream(response.body)
    })
  }

  async #json<T extends z.ZodType>(schema: T, path: string, init: RequestInit): Promise<z.output<T>> {
    const response = await this.#send(path, init)
    if (!response.ok) throw await failureOf(response)
    return this.#parse(schema, response)
  }

  async #parse<T extends z.ZodType>(schema: T, response: Response): Promise<z.output<T>> {
    const parsed = schema.safeParse(await response.json().catch(cutOff))
    if (!parsed.success) throw new ExecutorFailure('refused', `the executor’s answer breaks the protocol: ${parsed.error.message}`)
    return parsed.data
  }

  /** For what may be asked twice: a connection on which a transfer was broken off may break under the next request too. */
  async #sendAgain(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#send(path, init)
    } catch {
      await new Promise((resolve) => setTimeout(resolve, SECOND_TRY_MS))
      return this.#send(path, init)
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#token) headers.set('authorization', `Bearer ${this.#token}`)
    try {
      return await this.#transport.fetch(new Request(this.#baseUrl + path, { ...init, headers }))
    } catch (cause) {
      throw platformFailure(String(cause), { cause }) ?? new ExecutorFailure('unreachable', 'the executor does not answer', { cause })
    }
  }
}

function cutOff(cause: unknown): never {
  throw new ExecutorFailure('unreachable', 'the executor’s answer was cut off', { cause })
}
