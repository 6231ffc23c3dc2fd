/** How long a container is kept, whatever time its start takes. The engine is a stand-in, whose program listens when it is told to. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { ExecutorContainer, type StartTimes } from '../../src/executor/container.ts'
import { platformEventOf } from '../../src/executor/platform-event.ts'
import { until } from './client.ts'

/** A start that takes for ever, of which those who wait have enough at once, and want to find the container later. */
const NO_PATIENCE: StartTimes = { start: 600_000, patience: 0, keep: 600_000, linger: 10_000 }

/** What an object has as `ctx.container`. */
class EngineStandIn {
  running = false
  starts = 0
  isListening = false
  /** Called for each question for the health. */
  onHealth = (): void => undefined
  /** What the program does with a request for a job. */
  onRequest = (): Response | Promise<Response> => new Response('the program')
  /** Whether the program ends when it is told to. */
  isObedient = true
  #ended = Promise.withResolvers<void>()

  /** What the last start has put into the environment. */
  env: Record<string, string> | undefined

  start(options?: ContainerStartupOptions): void {
    this.running = true
    this.starts += 1
    this.#ended = Promise.withResolvers()
    this.env = options?.env
  }

  monitor(): Promise<void> {
    return this.#ended.promise
  }

  signal(): void {
    if (this.isObedient) this.end()
  }

  /** The platform may say that it has ended the container before it has. */
  async destroy(): Promise<void> {}

  end(): void {
    this.running = false
    this.#ended.resolve()
  }

  getTcpPort() {
    return { fetch: (asked: Request | string) => this.#answer(new Request(asked)) }
  }

  async #answer({ url }: Request): Promise<Response> {
    if (!this.isListening) throw new Error('the container is not listening in the TCP address 10.0.0.1:8080')
    if (url.includes('/v1/jobs/')) return this.onRequest()
    if (!url.endsWith('/v1/health')) return new Response('it listens')
    this.onHealth()
    return Response.json({ ok: true, protocol: 1, ffmpeg_version: '8', sandbox: 'landlock', cpus: 1, running_jobs: 0 })
  }
}

/** As every object has, which the types of the tests leave open. */
function hasProps(state: DurableObjectState): state is ConstructorParameters<typeof ExecutorContainer>[0] {
  return typeof state.props === 'object' && state.props !== null
}

function inContainer(times: StartTimes, action: (container: ExecutorContainer, engine: EngineStandIn) => Promise<void>): Promise<void> {
  return runInDurableObject(env.EXECUTOR.get(env.EXECUTOR.newUniqueId()), async (_, state) => {
    const engine = new EngineStandIn()
    if (!hasProps(state)) throw new Error('the object has no props')
    Object.defineProperty(state, 'container', { value: engine })
    await action(new ExecutorContainer(state, env, times), engine)
  })
}

function ask(container: ExecutorContainer): Promise<Response> {
  return container.fetch(new Request('http://executor/v1/jobs/1/run', { method: 'POST' }))
}

async function expectRefusal(answer: Response): Promise<void> {
  expect([answer.status, platformEventOf(await answer.text())]).toEqual([503, 'not_listening'])
}

test('a start goes on when those who waited have given up, and is neither ended as idle nor begun anew', () =>
  inContainer(NO_PATIENCE, async (container, engine) => {
    for (let n = 0; n < 3; n++) {
      await expectRefusal(await ask(container))
      await container.onActivityExpired()
    }
    engine.isListening = true
    await until('the program listens', async () => (await container.getState()).status === 'healthy')
    await container.onActivityExpired()
    expect(await (await ask(container)).text()).toBe('the program')
    expect([engine.starts, engine.running]).toEqual([1, true])
  }))

test('a start that has taken too long leaves its container to the next, for those who gave up ask again', () =>
  inContainer({ ...NO_PATIENCE, start: 1, patience: 600_000 }, async (container, engine) => {
    await expectRefusal(await ask(container))
    await container.onActivityExpired()
    await expectRefusal(await ask(container))
    expect([engine.starts, engine.running]).toEqual([1, true])
  }))

test('a container that nobody comes back for is ended', () =>
  inContainer({ ...NO_PATIENCE, keep: 0 }, async (container, engine) => {
    await expectRefusal(await ask(container))
    engine.isListening = true
    await until('the program listens', async () => (await container.getState()).status === 'healthy')
    await container.onActivityExpired()
    expect([engine.starts, engine.running]).toEqual([1, false])
  }))

test('a container is not ended under a request that comes while it is asked whether it works', () =>
  inContainer({ ...NO_PATIENCE, patience: 600_000, keep: 0 }, async (container, engine) => {
    engine.isListening = true
    expect((await ask(container)).status).toBe(200)
    let meanwhile: Promise<Response> | undefined
    engine.onHealth = () => {
      meanwhile = ask(container)
    }
    await container.onActivityExpired()
    expect(await (await meanwhile)?.text()).toBe('the program')
    expect(engine.running).toBe(true)
  }))

const PATIENT: StartTimes = { ...NO_PATIENCE, patience: 600_000, keep: 0 }

test('a container is not ended under a request that it has yet to answer', () =>
  inContainer(PATIENT, async (container, engine) => {
    engine.isListening = true
    const [reached, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()]
    engine.onRequest = () => {
      reached.resolve()
      return answer.promise
    }
    const asked = ask(container)
    await reached.promise
    await container.onActivityExpired()
    expect(engine.running).toBe(true)
    answer.resolve(new Response('at last'))
    expect(await (await asked).text()).toBe('at last')
    await container.onActivityExpired()
    expect(engine.running, 'and is, when nobody waits').toBe(false)
  }))

test('a container is not ended under an answer that somebody takes while it is asked whether it works', () =>
  inContainer(PATIENT, async (container, engine) => {
    engine.isListening = true
    const [first, second] = [new Uint8Array([1]), new Uint8Array([2])]
    const source = new TransformStream<Uint8Array, Uint8Array>()
    const writer = source.writable.getWriter()
    engine.onRequest = () => new Response(source.readable)
    const reader = (await ask(container)).body?.getReader()
    const written = writer.write(first)
    expect((await reader?.read())?.value).toEqual(first)
    await written
    let taken: Promise<unknown> | undefined
    engine.onHealth = () => {
      taken = Promise.all([writer.write(second), reader?.read()])
      engine.onHealth = () => undefined
    }
    await container.onActivityExpired()
    await taken
    expect(engine.running).toBe(true)
    await container.onActivityExpired()
    expect(engine.running, 'and is, when nobody takes it any more').toBe(false)
  }))

test('what is asked while a container ends is never for that one, however long it takes to be gone', () =>
  inContainer({ ...PATIENT, linger: 1_000 }, async (container, engine) => {
    engine.isListening = true
    await ask(container)
    engine.isObedient = false
    let isDestroyed = false
    engine.destroy = async () => {
      isDestroyed = true
    }
    const ending = container.onActivityExpired()
    await until('it is destroyed', async () => isDestroyed)
    engine.onRequest = () => new Response(`container ${engine.starts}`)
    const asked = ask(container)
    // It is still there for a moment.
    setTimeout(() => engine.end(), 50)
    expect(await (await asked).text()).toBe('container 2')
    await ending
  }))

test('the program is told that nobody but its object reaches it, since it has no token', () =>
  inContainer(NO_PATIENCE, async (container, engine) => {
    await expectRefusal(await ask(container))
    await until('it is started', async () => engine.starts > 0)
    expect(engine.env).toMatchObject({ TRUST_NETWORK: '1', MAX_JOB_DISK_MB: '8' })
  }))
