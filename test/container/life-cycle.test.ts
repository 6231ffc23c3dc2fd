/**
 * The whole service with FFmpeg in containers of a real engine: what runs where, for how long, and what becomes of a job when its container
 * goes. These tests wait for most of their time, so they all wait at once, each in an account of its own.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setInterval as every } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { removeContainers } from '../../src/cli/docker.ts'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { type MediaServer, startMediaServer } from '../support/media-server.ts'
import type { TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { type ContainerStack, type Executor, SLOW_MS, startContainerStack } from './container-stack.ts'
import { docker, EXECUTOR_IMAGE } from './engine.ts'
import { IMAGES_TIMEOUT_MS } from './images.ts'
import { begin, executorOf, type LongJob, lossOf, untilItRuns } from './long-job.ts'

const IDLE_SECONDS = 6
/** Of a job to which something is done while it runs. */
const SOME_SECONDS = 12

const TINY = { output_files: { out_v: 'tiny.png' }, ffmpeg_command: '-f lavfi -i testsrc=s=64x64 -frames:v 1 {{out_v}}' }

describe.concurrent('FFmpeg in containers', { timeout: 3 * SLOW_MS, ...needs('docker') }, () => {
  let containers: ContainerStack
  let stack: TestStack
  let media: MediaServer
  /** Its container runs jobs that only have to end. */
  let shared: ApiClient

  beforeAll(async () => {
    media = await startMediaServer()
    containers = await startContainerStack({ idleSeconds: IDLE_SECONDS, accounts: 12 })
    stack = containers.stack
    shared = containers.newAccount()
  }, 2 * IMAGES_TIMEOUT_MS)
  afterAll(async () => {
    const left = await containers?.stop()
    await media?.stop()
    expect(left, 'nothing is left').toEqual([])
  }, SLOW_MS)

  /** A job that runs until it is cancelled, or its test ends, and its container. */
  async function beginIn(client: ApiClient, { onTestFinished }: TestContext): Promise<{ job: LongJob; executor: Executor }> {
    const job = await begin(client)
    onTestFinished(async () => void (await client.cancel(job.id)))
    return { job, executor: await executorOf(job, containers) }
  }

  /** A job in a container that is known before the job runs, so that all of its time is left. */
  async function beginInKnown(client: ApiClient, context: TestContext, seconds?: number): Promise<{ job: LongJob; executor: Executor }> {
    const { job: first, executor } = await beginIn(client, context)
    // It waits for the end of the first, so that the container does not idle in between.
    const job = await begin(client, seconds)
    context.onTestFinished(async () => void (await client.cancel(job.id)))
    await client.cancel(first.id)
    await untilItRuns(job)
    return { job, executor }
  }

  /** Does something to the container of a job of `SOME_SECONDS` in the middle of it; to another, where that job has ended too soon. */
  async function doInTheMiddle(client: ApiClient, context: TestContext, action: (executor: Executor) => Promise<unknown>) {
    for (;;) {
      const begun = await beginInKnown(client, context, SOME_SECONDS)
      await action(begun.executor)
      const { processing_stage } = await client.poll(begun.job.id)
      if (processing_stage === 'FFMPEG' || processing_stage === 'QUEUED') return begun
    }
  }

  async function isThere({ id }: Executor): Promise<boolean> {
    return (await containers.executors()).some((executor) => executor.id === id)
  }

  test('a job goes from submit to download, through FFmpeg under Landlock', async () => {
    expect(await (await shared.fetch('/api/v1/health')).json()).toMatchObject({ status: 'ok', executor: { sandbox: 'landlock' } })
    const id = await shared.submit({
      input_files: { in_video: `${media.url}/tiny.mp4` },
      output_files: { out_video: 'small.webm' },
      ffmpeg_command: 'ffmpeg -i {{in_video}} -vf scale=80:-2 -c:v libvpx-vp9 -c:a libopus {{out_video}}',
    })
    const command = await shared.ended(id, SLOW_MS)
    expect(command).toMatchObject({ status: 'SUCCESS', error_message: null, output_files: { out_video: { width: 80, codec: 'vp9' } } })
    const { storage_url, size_mbytes } = command.output_files.out_video ?? {}
    const bytes = await (await fetch(storage_url ?? '')).bytes()
    expect(bytes.length / 1e6).toBe(size_mbytes)
  })

  test('what a font is asked for is there: Latin, Chinese, emoji', async () => {
    const id = await shared.submit({
      output_files: { out_image: 'text.png' },
      ffmpeg_command:
        '-f lavfi -i color=white:s=320x80:d=1 -vf "drawtext=text=Aé漢字한글🎬:fontsize=30:font=Noto Sans CJK SC" -frames:v 1 {{out_image}}',
    })
    expect((await shared.ended(id, SLOW_MS)).error_message).toBeNull()
  })

  test('an account keeps its container, and shares it with no other', async (context) => {
    const { job, executor } = await beginInKnown(containers.newAccount(), context)
    expect(await executorOf(job, containers), 'the same, while it is warm').toEqual(executor)
    const others = await beginIn(containers.newAccount(), context)
    expect(others.executor.id).not.toBe(executor.id)
    expect(others.executor.name).not.toBe(executor.name)
  })

  test('a job leaves nothing behind for the next', async (context) => {
    const api = containers.newAccount()
    const first = await beginIn(api, context)
    const files = "find /var/lib/renderio-jobs -type f -not -name '*.bpf'"
    // Looks from the inside all the while, since the idle container soon ends, and this with it.
    const look = docker(
      'exec',
      first.executor.id,
      'sh',
      '-c',
      `until ${files} | grep last.mp4; do sleep 0.1; done; while [ -n "$(${files})" ]; do sleep 0.1; done; echo wiped`,
    )
    await waitUntil('it looks', async () => (await docker('top', first.executor.id)).includes('last.mp4'))
    const last = await api.submit({
      output_files: { out_v: 'last.mp4' },
      ffmpeg_command: `-re -f lavfi -i testsrc=s=160x90:d=${SOME_SECONDS} {{out_v}}`,
    })
    await api.cancel(first.job.id)
    const [seen, command] = await Promise.all([look, api.ended(last, SLOW_MS)])
    expect(command.status).toBe('SUCCESS')
    expect(seen).toMatch(/\/last\.mp4\nwiped$/)
  })

  test('a container that is killed is replaced, and its job ends all the same', async (context) => {
    const api = containers.newAccount()
    const { job, executor } = await doInTheMiddle(api, context, ({ id }) => docker('kill', id))
    expect(await api.ended(job.id, SLOW_MS)).toMatchObject({
      status: 'SUCCESS',
      error_message: null,
      output_files: { out_v: { duration: SOME_SECONDS } },
    })
    expect(stack.output, 'it was lost').toMatch(lossOf(job))
    expect(await isThere(executor)).toBe(false)
  })

  test('a container that is told to end, as a rollout does, ends its job first; the next job gets another', async (context) => {
    const api = containers.newAccount()
    const { job, executor } = await doInTheMiddle(api, context, ({ id }) => docker('kill', '--signal', 'TERM', id))
    expect((await api.ended(job.id, SLOW_MS)).status).toBe('SUCCESS')
    expect(stack.output, 'without a second attempt').not.toMatch(lossOf(job))
    expect((await api.ended(await api.submit(TINY), SLOW_MS)).status).toBe('SUCCESS')
    expect(await isThere(executor)).toBe(false)
  })

  test('a command that takes longer than a container may idle is not cut short', async () => {
    const api = containers.newAccount()
    const job = await begin(api, 2.5 * IDLE_SECONDS)
    expect((await api.ended(job.id, SLOW_MS)).status).toBe('SUCCESS')
    expect(stack.output, 'in the container where it began').not.toMatch(lossOf(job))
  })

  test('an input that takes longer to come than a container may idle is not cut short', async (context) => {
    const api = containers.newAccount()
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
    context.onTestFinished(() => void server.close())
    await once(server, 'listening')
    // The container is there already: if it started too slowly, the input would be asked for once more.
    const { job } = await beginIn(api, context)
    const id = await api.submit({
      input_files: { in_v: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slow.mp4` },
      output_files: { out_v: 'copy.mp4' },
      ffmpeg_command: '-i {{in_v}} -c copy {{out_v}}',
    })
    await api.cancel(job.id)
    expect((await api.ended(id, SLOW_MS)).error_message).toBeNull()
    expect(requests).toBe(1)
  })

  test('a container without work goes away, though its last command was cancelled', async (context) => {
    const { job, executor } = await beginIn(containers.newAccount(), context)
    await job.client.cancel(job.id)
    await docker('wait', executor.id)
    await waitUntil('it is gone', async () => !(await isThere(executor)))
  })

  test('a process in a container reaches nothing, and finds no secret', async (context) => {
    const gateway = await docker('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'bridge')
    const listener = createServer((_request, response) => response.end()).listen(0, gateway)
    context.onTestFinished(() => void listener.close())
    await once(listener, 'listening')
    const url = `http://${gateway}:${(listener.address() as AddressInfo).port}/`
    const visit = ['node', '-e', `fetch('${url}').then(() => console.log('reached'), () => console.log('unreachable'))`]
    expect(
      await docker('run', '--rm', '--entrypoint', ...visit.slice(0, 1), EXECUTOR_IMAGE, ...visit.slice(1)),
      'any other container does',
    ).toBe('reached')
    const { executor } = await beginIn(containers.newAccount(), context)
    expect(await docker('exec', executor.id, ...visit)).toBe('unreachable')
    const environment = await docker('exec', executor.id, 'sh', '-c', 'cat /proc/*/environ | tr "\\0" "\\n" | sort -u')
    expect(environment).toContain('REQUIRE_SANDBOX=1')
    for (const name of ['TOKEN', 'SECRET', 'KEY']) expect(environment).not.toContain(name)
  })

  test('another stack on the same engine has containers of its own, and leaves these alone', async (context) => {
    const { job, executor } = await beginIn(new ApiClient(stack), context)
    const another = await startContainerStack({ idleSeconds: IDLE_SECONDS, accounts: 0 })
    context.onTestFinished(async () => void (await another.stop()))
    const its = await executorOf(await begin(new ApiClient(another.stack)), another)
    expect(its.name, 'of the same slot of the same account').not.toBe(executor.name)
    await another.stack.stop()
    expect(await another.executors(), 'its end removes them').toEqual([])
    // As a stack that was killed would leave it.
    await docker('create', '--name', its.name, EXECUTOR_IMAGE)
    await removeContainers(another.stack.stateDir)
    expect(await another.executors(), 'its next start removes what is left').toEqual([])
    expect(await isThere(executor)).toBe(true)
    expect((await job.client.poll(job.id)).processing_stage).toBe('FFMPEG')
    expect(stack.output).not.toMatch(lossOf(job))
  })
})
