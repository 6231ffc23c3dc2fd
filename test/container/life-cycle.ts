/** The whole service with FFmpeg in containers of a real engine: what runs where, for how long, and what becomes of a job when its container goes. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setInterval as every } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { type MediaServer, startMediaServer } from '../support/media-server.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { docker, EXECUTOR_IMAGE } from './engine.ts'

const engine = inject('engine')
const IDLE_SECONDS = 6
/** Starting containers on a busy machine. */
const SLOW_MS = 120_000

interface Executor {
  id: string
  /** Of the object that owns it, which is an account's slot. */
  name: string
}

async function executors(): Promise<Executor[]> {
  const lines = await docker('ps', '--filter', 'name=^/?workerd-renderio-Executor-', '--format', '{{.ID}} {{.Names}}')
  return lines
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('-proxy'))
    .map((line) => {
      const [id = '', name = ''] = line.split(' ')
      return { id, name }
    })
}

/** Of a job that a test ends, in seconds. */
const UNTIL_CANCELLED = 600

interface Job {
  client: ApiClient
  id: string
  /** In the arguments of its FFmpeg and of no other. */
  mark: string
}

/** Submits a job that takes so long. What of it is left after the test is cancelled. */
async function begin(client: ApiClient, seconds = UNTIL_CANCELLED): Promise<Job> {
  const mark = randomUUID()
  const id = await client.submit({
    output_files: { out_v: 'long.mp4' },
    ffmpeg_command: `-re -f lavfi -i testsrc=s=160x90:d=${seconds} -metadata comment=${mark} {{out_v}}`,
  })
  onTestFinished(async () => void (await client.cancel(id)))
  return { client, id, mark }
}

/** The container in which the job runs. */
async function executorOf({ client, id, mark }: Job): Promise<Executor> {
  await waitUntil('the job runs', async () => (await client.poll(id)).processing_stage === 'FFMPEG', SLOW_MS)
  return waitUntil('a container runs it', async () => {
    for (const candidate of await executors()) {
      // An idle one may end between the two questions.
      if ((await docker('top', candidate.id).catch(() => '')).includes(mark)) return candidate
    }
    return null
  })
}

/** What the stack prints of a job that has lost its container: it waits again after it has run. */
const lossOf = ({ id }: Job) => new RegExp(`${id}.*"stage":"FFMPEG"[^]*${id}.*"stage":"QUEUED"`)

const TINY = { output_files: { out_v: 'tiny.png' }, ffmpeg_command: '-f lavfi -i testsrc=s=64x64 -frames:v 1 {{out_v}}' }

describe('FFmpeg in containers', needs('docker'), () => {
  let stack: TestStack
  let media: MediaServer
  let api: ApiClient
  let other: ApiClient

  beforeAll(async () => {
    media = await startMediaServer()
    const env = { ...(engine.available ? engine.env : {}), CONTAINER_IDLE_SECONDS: String(IDLE_SECONDS), MAX_CONCURRENT_COMMANDS: '1' }
    stack = await startTestStack({ containers: true, env })
    api = new ApiClient(stack)
    const keys = path.resolve(import.meta.dirname, '../../src/cli/keys.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [keys, 'create', '--account', 'other'], {
      env: { ...process.env, STATE_DIR: stack.stateDir },
    })
    other = new ApiClient({ url: stack.url, apiKey: stdout.trim() })
  }, 10 * 60_000)
  afterAll(async () => {
    await stack?.stop()
    await media?.stop()
    expect(await executors(), 'nothing is left').toEqual([])
  }, SLOW_MS)

  test('a job goes from submit to download, through FFmpeg under Landlock', { timeout: SLOW_MS }, async () => {
    expect(await (await fetch(`${stack.url}/api/v1/health`)).json()).toMatchObject({ status: 'ok', executor: { sandbox: 'landlock' } })
    const id = await api.submit({
      input_files: { in_video: `${media.url}/tiny.mp4` },
      output_files: { out_video: 'small.webm' },
      ffmpeg_command: 'ffmpeg -i {{in_video}} -vf scale=80:-2 -c:v libvpx-vp9 -c:a libopus {{out_video}}',
    })
    const command = await api.ended(id)
    expect(command).toMatchObject({ status: 'SUCCESS', output_files: { out_video: { width: 80, codec: 'vp9' } } })
    const { storage_url, size_mbytes } = command.output_files.out_video ?? {}
    const bytes = await (await fetch(storage_url ?? '')).bytes()
    expect(bytes.length / 1e6).toBe(size_mbytes)
  })

  test('what a font is asked for is there: Latin, Chinese, emoji', { timeout: SLOW_MS }, async () => {
    const id = await api.submit({
      output_files: { out_image: 'text.png' },
      ffmpeg_command:
        '-f lavfi -i color=white:s=320x80:d=1 -vf "drawtext=text=Aé漢字한글🎬:fontsize=30:font=Noto Sans CJK SC" -frames:v 1 {{out_image}}',
    })
    expect((await api.ended(id)).error_message).toBeNull()
  })

  test('an account keeps its container, and shares it with no other', { timeout: SLOW_MS }, async () => {
    const first = await begin(api)
    const container = await executorOf(first)
    // It waits for the end of the first, so that the container does not idle in between.
    const second = await begin(api)
    await api.cancel(first.id)
    expect(await executorOf(second), 'the same, while it is warm').toEqual(container)
    const others = await executorOf(await begin(other))
    expect(others.id).not.toBe(container.id)
    expect(others.name).not.toBe(container.name)
  })

  test('a job leaves nothing behind for the next', { timeout: SLOW_MS }, async () => {
    const job = await begin(api, 12)
    const executor = await executorOf(job)
    const files = "find /var/lib/renderio-jobs -type f -not -name '*.bpf'"
    // Looks from the inside all the while, since the idle container soon ends, and this with it.
    const [seen, command] = await Promise.all([
      docker(
        'exec',
        executor.id,
        'sh',
        '-c',
        `until ${files} | grep long.mp4; do sleep 0.1; done; while [ -n "$(${files})" ]; do sleep 0.1; done; echo wiped`,
      ),
      api.ended(job.id),
    ])
    expect(command.status).toBe('SUCCESS')
    expect(seen).toMatch(/\/long\.mp4\nwiped$/)
  })

  test('a container that is killed is replaced, and its job ends all the same', { timeout: SLOW_MS }, async () => {
    const job = await begin(api, 12)
    const executor = await executorOf(job)
    await docker('kill', executor.id)
    expect(await api.ended(job.id, SLOW_MS)).toMatchObject({ status: 'SUCCESS', output_files: { out_v: { duration: 12 } } })
    expect(stack.output, 'it was lost').toMatch(lossOf(job))
    expect((await executors()).map(({ id }) => id)).not.toContain(executor.id)
  })

  test('a container that is told to end, as a rollout does, ends its job first; the next job gets another', {
    timeout: SLOW_MS,
  }, async () => {
    const job = await begin(api, 12)
    await docker('kill', '--signal', 'TERM', (await executorOf(job)).id)
    expect((await api.ended(job.id)).status).toBe('SUCCESS')
    expect(stack.output, 'without a second attempt').not.toMatch(lossOf(job))
    expect((await api.ended(await api.submit(TINY), SLOW_MS)).status).toBe('SUCCESS')
  })

  test('a command that takes longer than a container may idle is not cut short', { timeout: SLOW_MS }, async () => {
    const job = await begin(api, 2.5 * IDLE_SECONDS)
    expect((await api.ended(job.id, SLOW_MS)).status).toBe('SUCCESS')
    expect(stack.output, 'in the container where it began').not.toMatch(lossOf(job))
  })

  test('an input that takes longer to come than a container may idle is not cut short', { timeout: SLOW_MS }, async () => {
    const bytes = await (await fetch(`${media.url}/tiny.mp4`)).bytes()
    const pieces = 5 * IDLE_SECONDS
    let requests = 0
    const server = createServer(async (_request, response) => {
      requests += 1
      response.writeHead(200, { 'content-length': bytes.length })
      const size = Math.ceil(bytes.length / pieces)
      let sent = 0
      for await (const _ of every(500)) {
        response.write(bytes.subarray(sent, sent + size))
        sent += size
        if (sent >= bytes.length) break
      }
      response.end()
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const id = await api.submit({
      input_files: { in_v: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slow.mp4` },
      output_files: { out_v: 'copy.mp4' },
      ffmpeg_command: '-i {{in_v}} -c copy {{out_v}}',
    })
    expect((await api.ended(id, SLOW_MS)).error_message).toBeNull()
    expect(requests).toBe(1)
  })

  test('a container without work goes away, though its last command was cancelled', { timeout: SLOW_MS }, async () => {
    const job = await begin(api)
    await executorOf(job)
    await api.cancel(job.id)
    await waitUntil('no container is left', async () => (await executors()).length === 0, 60_000)
  })

  test('a process in a container reaches nothing, and finds no secret', { timeout: SLOW_MS }, async () => {
    const gateway = await docker('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'bridge')
    const listener = createServer((_request, response) => response.end()).listen(0, gateway)
    onTestFinished(() => void listener.close())
    await once(listener, 'listening')
    const url = `http://${gateway}:${(listener.address() as AddressInfo).port}/`
    const visit = ['node', '-e', `fetch('${url}').then(() => console.log('reached'), () => console.log('unreachable'))`]
    expect(
      await docker('run', '--rm', '--entrypoint', ...visit.slice(0, 1), EXECUTOR_IMAGE, ...visit.slice(1)),
      'any other container does',
    ).toBe('reached')
    const executor = await executorOf(await begin(api))
    expect(await docker('exec', executor.id, ...visit)).toBe('unreachable')
    const environment = await docker('exec', executor.id, 'sh', '-c', 'cat /proc/*/environ | tr "\\0" "\\n" | sort -u')
    expect(environment).toContain('REQUIRE_SANDBOX=1')
    for (const name of ['TOKEN', 'SECRET', 'KEY']) expect(environment).not.toContain(name)
  })
})

describe('the image by itself', needs('docker'), () => {
  test('serves a Worker that is told its address and token, and asks everyone else for the token', { timeout: SLOW_MS }, async () => {
    const id = await docker(
      'run',
      '--detach',
      '--rm',
      '--publish',
      '127.0.0.1::8080',
      '--env',
      'EXECUTOR_TOKEN=of-this-test',
      EXECUTOR_IMAGE,
    )
    onTestFinished(async () => void (await docker('rm', '--force', id)))
    const url = `http://${await docker('port', id, '8080/tcp')}`
    await waitUntil('it listens', async () => (await fetch(`${url}/v1/health`).catch(() => null))?.status === 401)
    const stack = await startTestStack({ env: { EXECUTOR_URL: url, EXECUTOR_TOKEN: 'of-this-test' } })
    onTestFinished(async () => void (await stack.stop()))
    const api = new ApiClient(stack)
    expect((await api.ended(await api.submit(TINY))).status).toBe('SUCCESS')
    const isHealthy = () =>
      docker('exec', id, 'node', 'container/health-check.ts').then(
        () => true,
        () => false,
      )
    expect(await isHealthy()).toBe(true)
    await docker('exec', id, 'chmod', '-x', '/usr/bin/ffmpeg')
    await waitUntil('the health check fails', async () => !(await isHealthy()))
  })
})
