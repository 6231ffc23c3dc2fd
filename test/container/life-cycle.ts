/** The whole service with FFmpeg in containers of a real engine: what runs where, for how long, and what becomes of a job when its container goes. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
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

const lasting = (seconds: number) => ({
  output_files: { out_v: 'long.mp4' },
  ffmpeg_command: `-re -f lavfi -i testsrc=s=160x90:d=${seconds} {{out_v}}`,
})
const TINY = { output_files: { out_v: 'tiny.png' }, ffmpeg_command: '-f lavfi -i testsrc=s=64x64 -frames:v 1 {{out_v}}' }

describe.skipIf(!engine.available)('FFmpeg in containers', () => {
  let stack: TestStack
  let media: MediaServer
  let api: ApiClient
  let other: ApiClient

  beforeAll(async () => {
    media = await startMediaServer()
    const env = { ...(engine.available ? engine.env : {}), CONTAINER_IDLE_SECONDS: String(IDLE_SECONDS), MAX_CONCURRENT_COMMANDS: '2' }
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

  /** The container in which this account's job runs. */
  async function executorOf(client: ApiClient, job: { output_files: Record<string, string>; ffmpeg_command: string }) {
    const id = await client.submit(job)
    await waitUntil('the job runs', async () => (await client.poll(id)).processing_stage === 'FFMPEG', SLOW_MS)
    const executor = await waitUntil('a container runs it', async () => {
      for (const candidate of await executors()) if ((await docker('top', candidate.id)).includes('testsrc')) return candidate
      return null
    })
    return { id, executor }
  }

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
    const first = await executorOf(api, lasting(3))
    await api.ended(first.id)
    const again = await executorOf(api, lasting(3))
    expect(again.executor, 'the same, while it is warm').toEqual(first.executor)
    const others = await executorOf(other, lasting(3))
    expect(others.executor.id).not.toBe(first.executor.id)
    expect(others.executor.name).not.toBe(first.executor.name)
    await Promise.all([api.ended(again.id), other.ended(others.id)])
  })

  test('a job leaves nothing behind for the next', { timeout: SLOW_MS }, async () => {
    const { id, executor } = await executorOf(api, lasting(12))
    const files = "find /var/lib/renderio-jobs -type f -not -name '*.bpf'"
    const inside = (script: string) => docker('exec', executor.id, 'sh', '-c', script)
    expect(await inside(files)).toContain('long.mp4')
    // Looks from the inside all the while, since the idle container soon ends, and this with it.
    const wiped = inside(`while [ -n "$(${files})" ]; do sleep 0.1; done; echo wiped`)
    expect((await api.ended(id)).status).toBe('SUCCESS')
    expect(await wiped).toBe('wiped')
  })

  test('a container that is killed is replaced, and its job ends all the same', { timeout: SLOW_MS }, async () => {
    const { id, executor } = await executorOf(api, lasting(12))
    await docker('kill', executor.id)
    expect(await api.ended(id, SLOW_MS)).toMatchObject({ status: 'SUCCESS', output_files: { out_v: { duration: 12 } } })
    expect((await executors()).map(({ id: container }) => container)).not.toContain(executor.id)
  })

  test('a container that is told to end, as a rollout does, ends its job first; the next job gets another', {
    timeout: SLOW_MS,
  }, async () => {
    const { id, executor } = await executorOf(api, lasting(12))
    const before = Date.now()
    await docker('kill', '--signal', 'TERM', executor.id)
    const command = await api.ended(id)
    expect(command.status).toBe('SUCCESS')
    expect(stack.output, 'without a second attempt').not.toMatch(new RegExp(`${id}.*"attempt":2`))
    expect(Date.now() - before).toBeLessThan(60_000)
    expect((await api.ended(await api.submit(TINY), SLOW_MS)).status).toBe('SUCCESS')
  })

  test('a command that takes longer than a container may idle is not cut short', { timeout: SLOW_MS }, async () => {
    const { id, executor } = await executorOf(api, lasting(2.5 * IDLE_SECONDS))
    expect((await api.ended(id)).status).toBe('SUCCESS')
    expect(
      (await executors()).map((running) => running.id),
      'in the container where it began',
    ).toContain(executor.id)
  })

  test('a container without work goes away', { timeout: SLOW_MS }, async () => {
    await api.ended(await api.submit(TINY), SLOW_MS)
    expect(await executors()).not.toEqual([])
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
    const { id, executor } = await executorOf(api, lasting(8))
    expect(await docker('exec', executor.id, ...visit)).toBe('unreachable')
    const environment = await docker('exec', executor.id, 'sh', '-c', 'cat /proc/*/environ | tr "\\0" "\\n" | sort -u')
    expect(environment).toContain('REQUIRE_SANDBOX=1')
    for (const name of ['TOKEN', 'SECRET', 'KEY']) expect(environment).not.toContain(name)
    await api.ended(id)
  })
})

describe.skipIf(!engine.available)('the image by itself', () => {
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
