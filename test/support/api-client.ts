/** A client of the running stack, as a customer's would be. */
import type { Client } from 'openapi-fetch'
import { type Command, dataOf, typedClient } from '../client/client.ts'
import type { components, paths } from '../client/openapi.ts'
import { waitUntil } from './wait-until.ts'

export type SubmitOptions = components['schemas']['RunFFmpegCommand']

export class ApiClient {
  readonly #stack: { url: string; apiKey: string }

  /** The key is read at every request, since a stack has it only once it runs. */
  constructor(stack: { url: string; apiKey: string }) {
    this.#stack = stack
  }

  /** Every route, by its types. */
  get typed(): Client<paths> {
    return typedClient(this.#stack.url, this.#stack.apiKey)
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('x-api-key', this.#stack.apiKey)
    return fetch(this.#stack.url + path, { ...init, headers })
  }

  /** Submits and returns the command's id. */
  async submit(body: SubmitOptions): Promise<string> {
    return (await dataOf(this.typed.POST('/api/v1/run-ffmpeg-command', { body }))).command_id
  }

  poll(id: string, waitSeconds = 0): Promise<Command> {
    return dataOf(this.typed.GET('/api/v1/commands/{command_id}', { params: { path: { command_id: id }, query: { wait: waitSeconds } } }))
  }

  /** Polls until the command has ended; a stack that is down for a moment is asked again, as a client would. */
  ended(id: string, timeoutMs = 90_000): Promise<Command> {
    return waitUntil(
      `command ${id} has ended`,
      async () => {
        const command = await this.poll(id, 5).catch(() => null)
        return command && (command.status === 'SUCCESS' || command.status === 'FAILED') && command
      },
      timeoutMs,
    )
  }

  cancel(id: string): Promise<Command> {
    return dataOf(this.typed.POST('/api/v1/commands/{command_id}/cancel', { params: { path: { command_id: id } } }))
  }

  /** Whether the command is seen in the stage before it ends: a short stage may pass between two looks. */
  async reaches(id: string, stage: Command['processing_stage']): Promise<boolean> {
    const command = await waitUntil(`command ${id} is in ${stage}, or has ended`, async () => {
      const now = await this.poll(id)
      if (now.status === 'FAILED') throw new Error(`${now.error_status}: ${now.error_message}`)
      return (now.processing_stage === stage || now.status === 'SUCCESS') && now
    })
    return command.processing_stage === stage
  }
}
