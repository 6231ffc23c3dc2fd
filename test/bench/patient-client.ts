/** A client as customers should write theirs: what a service that is down, or not itself, does not answer is asked again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'openapi-fetch'
import { type Command, typedClient } from '../client/client.ts'
import type { paths } from '../client/openapi.ts'

/** Longer than the longest answer that is held. */
const ANSWER_TIMEOUT_MS = 90_000
const PAUSE_MS = 500
/** A service that is down for so long is not being restarted. */
const PATIENCE_MS = 5 * 60_000
/** What one question for a command's end is held for, in seconds. */
const WAIT_SECONDS = 20

/** The service has understood the request and says no. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, error: unknown) {
    super(`${status} ${JSON.stringify(error)}`)
    this.status = status
  }
}

/** For a deletion, which finds nothing when it is asked for again. */
export function ignoreGone(error: unknown): undefined {
  if (!(error instanceof Refused) || error.status !== 404) throw error
}

interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

export class PatientClient {
  readonly #stack: { url: string; apiKey: string }
  /** Requests that broke off, or were not let in. */
  broken = 0
  /** Answers that say that something is wrong on the service's side. */
  failed = 0

  /** The key is read at every request, since a stack has it only once it runs. */
  constructor(stack: { url: string; apiKey: string }) {
    this.#stack = stack
  }

  /** What a call answers in the end. Throws Refused. */
  async ask<Data>(call: (typed: Client<paths>) => Promise<Answer<Data>>): Promise<Data> {
    const { url, apiKey } = this.#stack
    const send = (request: Request) => fetch(request, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
    const { data, error, response } = await this.#persist(
      () => call(typedClient(url, apiKey, send)),
      (answer) => answer.response.status,
    )
    if (data === undefined) throw new Refused(response.status, error)
    return data
  }

  /** A request to an address that the service has given out, with its whole body. Throws Refused. */
  async fetch(url: string, init: RequestInit = {}): Promise<{ headers: Headers; body: Buffer }> {
    const send = async () => {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
      return { response, body: Buffer.from(await response.arrayBuffer()) }
    }
    const { response, body } = await this.#persist(send, (answer) => answer.response.status)
    if (!response.ok) throw new Refused(response.status, body.toString())
    return { headers: response.headers, body }
  }

  /** The command once it has ended. Throws where that takes longer than `timeoutMs`. */
  async ended(command_id: string, timeoutMs: number): Promise<Command> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const query = { wait: WAIT_SECONDS }
      const command = await this.ask((typed) => typed.GET('/api/v1/commands/{command_id}', { params: { path: { command_id }, query } }))
      if (command.status === 'SUCCESS' || command.status === 'FAILED') return command
      if (Date.now() > deadline) throw new Error(`still ${command.status} ${command.processing_stage} after ${timeoutMs / 1000} s`)
    }
  }

  async #persist<T>(send: () => Promise<T>, statusOf: (answer: T) => number): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const answer = await send().catch((error: unknown) => {
        if (Date.now() > deadline) throw error
        return null
      })
      if (answer !== null && (statusOf(answer) < 500 || Date.now() > deadline)) return answer
      if (answer === null) this.broken++
      else this.failed++
      await sleep(PAUSE_MS)
    }
  }
}
