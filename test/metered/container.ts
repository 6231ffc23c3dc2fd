/** A container that is the executor beside the Worker: it is there at once, and ends when it is told to. */

import { uncountedFetch } from './bindings.ts'
import { meter } from './meter.ts'

/** As an object has it as `ctx.container`: what this project uses of it. */
export class ContainerBeside {
  running = false
  #ended = Promise.withResolvers<void>()
  readonly #url: string
  readonly #token: string

  constructor(executor: { url: string; token: string }) {
    this.#url = executor.url
    this.#token = executor.token
  }

  start(): void {
    this.running = true
    this.#ended = Promise.withResolvers()
  }

  monitor(): Promise<void> {
    return this.#ended.promise
  }

  signal(): void {
    this.running = false
    this.#ended.resolve()
  }

  async destroy(): Promise<void> {
    this.signal()
  }

  async setInactivityTimeout(): Promise<void> {}

  getTcpPort() {
    return { fetch: (input: Request | string, init?: RequestInit) => this.#ask(new Request(input, init)) }
  }

  /** The object lasts until the answer is passed on whole. */
  async #ask(request: Request): Promise<Response> {
    meter.subrequest('container')
    const { pathname, search } = new URL(request.url)
    const asked = new Request(this.#url + pathname + search, request)
    asked.headers.set('authorization', `Bearer ${this.#token}`)
    const answer = await uncountedFetch(asked)
    if (answer.body === null) return answer
    const passedOn = Promise.withResolvers<void>()
    meter.lastUntil(passedOn.promise)
    const body = answer.body.pipeThrough(
      new TransformStream({
        flush: () => passedOn.resolve(),
        cancel: () => passedOn.resolve(),
      }),
    )
    return new Response(body, answer)
  }
}
