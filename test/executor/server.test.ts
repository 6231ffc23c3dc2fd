import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type OutgoingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, type TestContext, test } from 'vitest'
import { executorErrorSchema, executorHealthSchema } from '../../src/executor/protocol.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { runningProcesses } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { endless, JobClient, processesWith, refusal, testSource } from './job-client.ts'

async function started({ onTestFinished }: TestContext, env: Record<string, string> = {}): Promise<ExecutorProcess> {
  const executor = await startExecutor({ env })
  onTestFinished(() => executor.stop())
  return executor
}

async function temporaryFolder({ onTestFinished }: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('the token', () => {
  test('is asked of every request, health included', async (context) => {
    const executor = await started(context, { EXECUTOR_TOKEN: 'secret' })
    const health = (authorization?: string) => fetch(`${executor.url}/v1/health`, { headers: authorization ? { authorization } : {} })
    expect(await refusal(health())).toEqual([401, 'UNAUTHORIZED'])
    expect(await refusal(health('Bearer wrong'))).toEqual([401, 'UNAUTHORIZED'])
    expect(await refusal(health('secret'))).toEqual([401, 'UNAUTHORIZED'])
    expect((await health('Bearer secret')).status).toBe(200)
    expect(await refusal(fetch(new JobClient(executor).url, { method: 'DELETE' }))).toEqual([401, 'UNAUTHORIZED'])
  })
})

describe('without a token', () => {
  /** The status and code of an answer to a request with these headers, which `fetch` would not let one set. */
  function asked(executor: ExecutorProcess, headers: OutgoingHttpHeaders, method = 'GET', path = '/v1/health'): Promise<[number, string]> {
    return new Promise((resolve, reject) => {
      const outgoing = request(executor.url + path, { method, headers }, async (answer) => {
        const text = await textOf(answer)
        const body = executorErrorSchema.safeParse(text === '' ? null : JSON.parse(text))
        resolve([answer.statusCode ?? 0, body.data?.error.code ?? 'OK'])
      })
      outgoing.once('error', reject).end(method === 'POST' ? '{}' : undefined)
    })
  }

  test('this machine’s own programs are served, and no web page, whatever it claims to be', async (context) => {
    const executor = await started(context)
    const { port } = executor
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST`, `[::1]:${port}`, '127.0.0.2']) {
      expect(await asked(executor, { host }), host).toEqual([200, 'OK'])
    }
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443']) {
      expect(await asked(executor, { origin }), origin).toEqual([200, 'OK'])
    }
    const forbidden = [403, 'FORBIDDEN']
    // What a name is made to resolve to makes no difference.
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.nip.io', 'localhost.evil.example', '192.168.0.2']) {
      expect(await asked(executor, { host }), host).toEqual(forbidden)
    }
    expect((await asked(executor, { host: 'localhost@evil.example' }))[0], 'no host at all').toBe(400)
    for (const origin of ['http://evil.example', 'https://127.0.0.1.nip.io', 'null', 'file://', '']) {
      expect(await asked(executor, { origin }), origin).toEqual(forbidden)
    }
    const simple = { 'content-type': 'text/plain', origin: 'http://evil.example' }
    for (const path of ['run', 'prepare', 'probe']) {
      expect(await asked(executor, simple, 'POST', `/v1/jobs/${new JobClient(executor).name}/${path}`)).toEqual(forbidden)
    }
  })

  test('whoever is told so is served, where the network is the fence', async (context) => {
    const executor = await started(context, { HOST: '0.0.0.0', TRUST_NETWORK: '1' })
    expect(await asked(executor, { host: 'executor', origin: 'http://elsewhere.example' })).toEqual([200, 'OK'])
  })

  test('with one, it is the token that decides, wherever the request comes from', async (context) => {
    const executor = await started(context, { HOST: '0.0.0.0', EXECUTOR_TOKEN: 'secret' })
    expect(await asked(executor, { host: 'executor.example', authorization: 'Bearer secret' })).toEqual([200, 'OK'])
    expect(await asked(executor, { host: 'executor.example' })).toEqual([401, 'UNAUTHORIZED'])
  })
})

describe('health', () => {
  test('tells the version, the sandbox and how many jobs are at work', async (context) => {
    const executor = await started(context)
    const health = async () => executorHealthSchema.parse(await (await fetch(`${executor.url}/v1/health`)).json())
    expect(await health()).toMatchObject({ ok: true, running_jobs: 0, ffmpeg_version: expect.stringMatching(/\d/) })
    const job = new JobClient(executor)
    await job.run({ commands: [endless()] })
    expect((await health()).running_jobs).toBe(1)
    // One whose input is on its way counts too: who ends idle executors must not cut it.
    const input = new TransformStream<Uint8Array, Uint8Array>()
    const sending = input.writable.getWriter()
    const receiver = new JobClient(executor)
    const stored = receiver.put('a.bin', input.readable)
    await sending.write(new Uint8Array(10))
    await waitUntil('the second counts', async () => (await health()).running_jobs === 2)
    await sending.close()
    expect((await stored).status).toBe(200)
    expect((await health()).running_jobs).toBe(1)
  })

  test('is 503 as soon as FFmpeg does not run', async (context) => {
    const ffmpeg = join(await temporaryFolder(context), 'ffmpeg')
    await writeFile(ffmpeg, `#!/bin/sh\nexec '${FFMPEG}' "$@"\n`, { mode: 0o755 })
    const executor = await started(context, { FFMPEG_PATH: ffmpeg, SANDBOX: 'none' })
    await writeFile(ffmpeg, '#!/bin/sh\nexit 1\n')
    const response = await fetch(`${executor.url}/v1/health`)
    expect(response.status).toBe(503)
    expect(executorHealthSchema.parse(await response.json()).ok).toBe(false)
  })
})

describe.concurrent('start', () => {
  test.each([
    ['FFmpeg is missing', { FFMPEG_PATH: '/nowhere/ffmpeg' }, 'FFmpeg not found'],
    ['ffprobe is missing', { FFPROBE_PATH: '/nowhere/ffprobe' }, 'ffprobe not found'],
    [
      'a sandbox is required and none allowed',
      { SANDBOX: 'none', REQUIRE_SANDBOX: '1' },
      'no sandbox holds on this machine: none (REQUIRE_SANDBOX=1)',
    ],
    ['a setting makes no sense', { PORT: 'high' }, 'PORT'],
    ...['0.0.0.0', '::', '192.168.0.2', 'executor.example'].map((HOST): [string, Record<string, string>, string] => [
      `it asks for no token at ${HOST}`,
      { HOST },
      `EXECUTOR_TOKEN is not set, and others may reach HOST=${HOST}: set EXECUTOR_TOKEN`,
    ]),
  ])('is refused in one line when %s', async (_, env, reason) => {
    const failure = await startExecutor({ env }).then(
      () => '',
      (error: Error) => error.message,
    )
    expect(failure).toContain(reason)
    expect(failure.trim().split('\n')).toHaveLength(1)
  })

  test.each(['127.0.0.2', '::1', 'localhost'])('needs no token at %s', async (HOST) => {
    const executor = await startExecutor({ env: { HOST } })
    await executor.stop()
  })

  test('a port in use is one line', async (context) => {
    const executor = await started(context)
    await expect(startExecutor({ env: { PORT: `${executor.port}` } })).rejects.toThrow(/EADDRINUSE/)
  })

  test('wipes what a killed executor left, and leaves alone what a living one has', async (context) => {
    const jobsDir = await temporaryFolder(context)
    const living = await started(context, { JOBS_DIR: jobsDir })
    const killed = await startExecutor({ env: { JOBS_DIR: jobsDir } })
    await new JobClient(killed).put('a.bin', 'x')
    await killed.kill()
    await mkdir(join(jobsDir, 'not-ours'))
    const next = await started(context, { JOBS_DIR: jobsDir })
    expect((await readdir(jobsDir)).sort()).toEqual([`${living.pid}`, `${next.pid}`, 'not-ours'].sort())
  })
})

describe('SIGTERM', () => {
  test('drops the connections, ends FFmpeg, wipes, and is prompt', async (context) => {
    const jobsDir = await temporaryFolder(context)
    const executor = await started(context, { JOBS_DIR: jobsDir })
    const job = new JobClient(executor)
    await job.run({ commands: [endless(job.name)] })
    await job.until((state) => state.state === 'RUNNING' && state.progress !== null)
    // Whoever waits sees the executor lost, not the job failed.
    const waiting = expect(job.until((state) => state.state === 'FAILED')).rejects.toThrow()
    const asked = performance.now()
    process.kill(executor.pid, 'SIGTERM')
    await waiting
    await executor.stop()
    expect(performance.now() - asked).toBeLessThan(10_000)
    expect(await processesWith(job.name)).toEqual([])
  })

  describe.concurrent('with DRAIN_SECONDS', () => {
    async function draining(context: TestContext): Promise<{ executor: ExecutorProcess; running: JobClient }> {
      const executor = await started(context, { DRAIN_SECONDS: '30' })
      const running = new JobClient(executor)
      await running.run({ commands: [['-re', ...testSource(5), '-y', 'out.mp4']], outputs: { out_video: 'out.mp4' } })
      await running.until((state) => state.state === 'RUNNING' && state.progress !== null)
      return { executor, running }
    }

    test('a job that runs may end and be fetched; the process ends when it is removed', async (context) => {
      const { executor, running } = await draining(context)
      process.kill(executor.pid, 'SIGTERM')
      await running.until((state) => state.state === 'SUCCEEDED')
      expect((await (await running.output('out_video')).bytes()).length).toBeGreaterThan(0)
      await running.remove()
      await waitUntil('the executor has ended', async () => !(await runningProcesses()).some((info) => info.pid === executor.pid))
    })

    test('new jobs, and those that have not begun, go elsewhere', async (context) => {
      const { executor, running } = await draining(context)
      const waiting = new JobClient(executor)
      await waiting.put('a.bin', 'x')
      process.kill(executor.pid, 'SIGTERM')
      await waitUntil('the waiting job is handed back', async () => (await fetch(waiting.url)).status === 404)
      expect(await refusal(waiting.put('a.bin', 'x'))).toEqual([503, 'SHUTTING_DOWN'])
      expect(await refusal(new JobClient(executor).run({ commands: [endless()] }))).toEqual([503, 'SHUTTING_DOWN'])
      expect((await running.state()).state).not.toBe('FAILED')
    })

    test('a second SIGTERM ends it at once', async (context) => {
      const executor = await started(context, { DRAIN_SECONDS: '30' })
      const running = new JobClient(executor)
      await running.run({ commands: [endless()] })
      const lost = expect(running.until((state) => state.state === 'SUCCEEDED')).rejects.toThrow()
      process.kill(executor.pid, 'SIGTERM')
      await waitUntil('it takes no more jobs', async () => (await new JobClient(executor).put('a.bin', 'x')).status === 503)
      process.kill(executor.pid, 'SIGTERM')
      await lost
    })

    test('without a job it ends at once', async (context) => {
      const executor = await started(context, { DRAIN_SECONDS: '30' })
      process.kill(executor.pid, 'SIGTERM')
      await waitUntil('the executor has ended', async () => !(await runningProcesses()).some((info) => info.pid === executor.pid))
    })
  })
})
