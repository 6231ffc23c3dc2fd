/** A container that is the executor beside the Worker, and fares as containers do: refused, slow to start, restarted, moved. */
import { unlimitedFetch } from './bindings.ts'
import { ledger } from './ledger.ts'
import { sendCounted } from './request-body.ts'

/** What happens to the next container that it can happen to. Each says what the platform says then. */
export type Fate =
  /** The next requests find no container: as many run as may, or the image is on its way. */
  | { kind: 'refused'; says: string; times: number }
  /** The program ends, and all its jobs with it, when a request comes whose method and path match. */
  | { kind: 'lost'; says: string; on: RegExp }

/** In the order in which they are to happen. */
export const fates: Fate[] = []

/** As an object has it as `ctx.container`: what this project uses of it. */
export class FickleContainer {
  running = false
  #ended = Promise.withResolvers<void>()
  readonly #executorUrl: string
  /** Names of the jobs that this container has. */
  readonly #jobs = new Set<string>()
  /** Ends what is being asked when the container does. */
  #life = new AbortController()

  constructor(executorUrl: string) {
    this.#executorUrl = executorUrl
  }

  start(): void {
    this.running = true
    this.#ended = Promise.withResolvers()
    this.#life = new AbortController()
  }

  monitor(): Promise<void> {
    return this.#ended.promise
  }

  signal(): void {
    this.running = false
    this.#life.abort()
    this.#ended.resolve()
  }

  async destroy(): Promise<void> {
    this.signal()
  }

  async setInactivityTimeout(): Promise<void> {}

  getTcpPort() {
    return { fetch: (input: Request | string, init?: RequestInit) => this.#ask(new Request(input, init)) }
  }

  async #ask(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    await this.#suffer(`${request.method} ${pathname}`)
    const job = /^\/v1\/jobs\/([^/]+)/.exec(pathname)?.[1]
    if (job !== undefined && (request.method === 'PUT' || request.method === 'POST')) {
      this.#jobs.add(job)
      ledger.jobs.add(job)
    }
    const signal = AbortSignal.any([request.signal, this.#life.signal])
    const asked = new Request(this.#executorUrl + pathname + search, new Request(request, { signal }))
    const answer = await sendCounted(asked, unlimitedFetch)
    if (job !== undefined && request.method === 'DELETE' && answer.ok) this.#forget(job)
    return answer
  }

  async #suffer(request: string): Promise<void> {
    const fate = fates[0]
    if (fate?.kind === 'refused') {
      fate.times -= 1
      if (fate.times === 0) fates.shift()
      throw new Error(fate.says)
    }
    if (fate?.kind !== 'lost' || !fate.on.test(request)) return
    fates.shift()
    this.signal()
    await Promise.all([...this.#jobs].map((job) => this.#wipe(job)))
    throw new Error(fate.says)
  }

  /** What ends with the container. */
  async #wipe(job: string): Promise<void> {
    const answer = await unlimitedFetch(`${this.#executorUrl}/v1/jobs/${job}`, { method: 'DELETE' })
    await answer.body?.cancel()
    this.#forget(job)
  }

  #forget(job: string): void {
    this.#jobs.delete(job)
    ledger.jobs.delete(job)
  }
}
