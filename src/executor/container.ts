/** FFmpeg in a Cloudflare Container: answers the executor protocol, and has nothing to reach and nothing to steal. */
import { Container, type StopParams } from '@cloudflare/containers'
import { log } from '../logging/log.ts'
import { within } from '../outbound/deadline.ts'
import { settingsOf } from '../settings.ts'
import { type ExecutorError, executorHealthSchema } from './protocol.ts'

/** As the image's `EXPOSE` says. */
const PORT = 8080
/** How long a start may wait for a machine before somebody is told that there is none, in milliseconds. */
const INSTANCE_BUDGET_MS = 12_000
const LOOK_AGAIN_MS = 100
/** A program that has not said in this time whether it is at work is not. */
const BUSY_TIMEOUT_MS = 15_000
const MEBIBYTE = 1024 * 1024

/** In milliseconds. */
export interface StartTimes {
  /** How long a start may take until the program listens. It goes on when those who wait for it have given up. */
  start: number
  /** How long one request waits for it: less than a client waits for an answer. */
  patience: number
  /** How long a container is left alone after a request has given up: longer than any pause before it is asked again. */
  keep: number
  /** What an idle container gets to end by itself after it was told to, and then to be gone. */
  linger: number
}

const START_TIMES: StartTimes = { start: 120_000, patience: 27_000, keep: 20_000, linger: 10_000 }

export class ExecutorContainer extends Container<Env> {
  override defaultPort = PORT
  override requiredPorts = [PORT]
  override enableInternet = false
  // Nobody but this object reaches the program, so it asks for no token.
  override envVars = { TRUST_NETWORK: '1', MAX_JOB_DISK_MB: String(Math.ceil(settingsOf(this.env).maxJobDiskBytes / MEBIBYTE)) }
  override sleepAfter = settingsOf(this.env).containerIdleMs / 1000
  // Any answer proves that the program listens, so a cheap one is asked for.
  override pingEndpoint = 'executor/'
  #starting: Promise<void> | null = null
  #ending: Promise<void> | null = null
  #keptUntil = 0
  /** How many requests wait for an answer. */
  #waiting = 0
  /** Grows with every request, and with every piece of an answer that somebody takes. */
  #signsOfLife = 0
  readonly #times: StartTimes

  constructor(ctx: ConstructorParameters<typeof Container<Env>>[0], env: Env, times = START_TIMES) {
    super(ctx, env)
    this.#times = times
  }

  /** Passes a request on to the program. None is started to be asked about a job that it cannot know. */
  override async fetch(request: Request): Promise<Response> {
    this.#isAlive()
    this.#waiting += 1
    try {
      return await this.#answer(request)
    } finally {
      this.#waiting -= 1
      this.#isAlive()
    }
  }

  async #answer(request: Request): Promise<Response> {
    // What comes while the container ends is for the next one.
    await this.#ending
    if (!this.ctx.container?.running && asksForJob(request)) return knowsNothing(request)
    try {
      await this.#ready()
      return this.#watched(await this.#program().fetch(request))
    } catch (error) {
      // Who asked asks again. Were the container ended as idle before, every start would begin from nothing.
      this.#keptUntil = Date.now() + this.#times.keep
      return new Response(error instanceof Error ? error.message : String(error), { status: 503 })
    }
  }

  /** Somebody wants something of the container: it is not idle. */
  #isAlive(): void {
    this.#signsOfLife += 1
    this.renewActivityTimeout()
  }

  /** An answer that is a sign of life as long as somebody takes it: a file is on its way for longer than its request. */
  #watched(answer: Response): Response {
    if (!answer.body) return answer
    const taken = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#isAlive()
        controller.enqueue(chunk)
      },
    })
    return new Response(answer.body.pipeThrough(taken), answer)
  }

  /**
   * The program itself. The library's own way to it counts an answer as a request that goes on until somebody has read it, so that one whose
   * asker has gone away would keep the container for good.
   */
  #program(): Fetcher {
    const { container } = this.ctx
    if (!container) throw new Error('this object has no container')
    return container.getTcpPort(PORT)
  }

  /** Requests that come while the container starts wait for the same start. */
  async #ready(): Promise<void> {
    if (this.ctx.container?.running && (await this.getState()).status === 'healthy') return
    this.#starting ??= this.#start()
    const tooLong = Promise.withResolvers<never>()
    const timer = setTimeout(() => tooLong.reject(new Error('the container is not listening')), this.#times.patience)
    try {
      await Promise.race([this.#starting, tooLong.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  #start(): Promise<void> {
    const starting = within(this.#times.start, (abort) =>
      this.startAndWaitForPorts({
        ports: PORT,
        cancellationOptions: {
          abort,
          instanceGetTimeoutMS: INSTANCE_BUDGET_MS,
          portReadyTimeoutMS: this.#times.start,
          waitInterval: LOOK_AGAIN_MS,
        },
      }),
    ).finally(() => {
      this.#starting = null
    })
    // Its failure is told to those who wait for it, if any still do.
    starting.catch(() => undefined)
    return starting
  }

  /**
   * Nobody has asked anything for `sleepAfter`: a program that still starts or works is left at it, and so is one that somebody waits for.
   * Any other is ended for certain.
   */
  override async onActivityExpired(): Promise<void> {
    if (await this.#isWanted()) {
      this.renewActivityTimeout()
      return
    }
    this.#ending = this.#end().finally(() => {
      this.#ending = null
    })
    await this.#ending
  }

  async #isWanted(): Promise<boolean> {
    if (this.#starting !== null || this.#waiting > 0 || Date.now() < this.#keptUntil) return true
    const signs = this.#signsOfLife
    // Somebody may ask while the program says what it does.
    return (await this.#isBusy()) || this.#signsOfLife !== signs
  }

  /** Ends the container. Whoever asks meanwhile must not meet it any more, so this is not over before it is gone. */
  async #end(): Promise<void> {
    await this.stop()
    await this.#gone()
    if (!this.ctx.container?.running) return
    await this.destroy()
    await this.#gone()
  }

  async #gone(): Promise<void> {
    const deadline = Date.now() + this.#times.linger
    while (this.ctx.container?.running && Date.now() < deadline) await scheduler.wait(LOOK_AGAIN_MS)
  }

  async #isBusy(): Promise<boolean> {
    if (!this.ctx.container?.running) return false
    try {
      return await within(BUSY_TIMEOUT_MS, async (signal) => {
        const answer = await this.#program().fetch('http://executor/v1/health', { signal })
        return executorHealthSchema.parse(await answer.json()).running_jobs > 0
      })
    } catch (error) {
      log('warn', 'executor.silent', { executor: this.ctx.id.toString(), error })
      return false
    }
  }

  override onStart(): void {
    log('info', 'executor.started', { executor: this.ctx.id.toString() })
  }

  override onStop({ exitCode, reason }: StopParams): void {
    log('info', 'executor.stopped', { executor: this.ctx.id.toString(), exit_code: exitCode, reason })
  }

  /** Whoever asked is told as well, and asks again. */
  override onError(error: unknown): void {
    log('warn', 'executor.error', { executor: this.ctx.id.toString(), error })
  }
}

function asksForJob({ method, url }: Request): boolean {
  return method !== 'PUT' && method !== 'POST' && new URL(url).pathname.startsWith('/v1/jobs/')
}

function knowsNothing({ method }: Request): Response {
  if (method === 'DELETE') return new Response(null, { status: 204 })
  const body: ExecutorError = { error: { code: 'JOB_NOT_FOUND', message: 'the container has ended, and its jobs with it' } }
  return Response.json(body, { status: 404 })
}
