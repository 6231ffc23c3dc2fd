/** The habit of who knows Cloudflare, `npx wrangler dev`, as README has it for a machine without Docker. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jobsDirOf } from '../../src/cli/executor-process.ts'
import { findFreePort } from '../../src/cli/ports.ts'
import { PROJECT_ROOT } from '../../src/cli/settings.ts'
import { DEVELOPMENT_API_KEY } from '../../src/development.ts'
import { ApiClient } from '../support/api-client.ts'
import { askedAs, type LocalTesting, localTesting, quietWrangler, sendAsCurl, testOptions } from '../support/local-testing.ts'
import { START_TIMEOUT_MS } from '../support/stack.ts'
import { Terminal } from '../support/terminal.ts'
import { waitUntil } from '../support/wait-until.ts'

const ELSEWHERE = 'renderio.example.com'
const PICTURE = { output_files: { out_a: 'a.png' }, ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_a}}' }

let folder: string
let readme: LocalTesting

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'renderio-wrangler-test-'))
  readme = await localTesting()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('npx wrangler dev without containers', () => {
  let port: number
  let executorPort: number
  let executor: Terminal
  let wrangler: Terminal
  let url: string

  async function startExecutor(): Promise<Terminal> {
    const terminal = new Terminal(readme.executor, { ...process.env, EXECUTOR_PORT: String(executorPort) })
    await terminal.prints(/^Executor on http:\/\/127\.0\.0\.1:\d+, with FFmpeg \S+ \(.+\) in the sandbox \w+$/m, START_TIMEOUT_MS)
    return terminal
  }

  beforeAll(async () => {
    ;[port, executorPort] = [await findFreePort(), await findFreePort()]
    const options = `${testOptions({ port, folder })} --var=EXECUTOR_PORT:${executorPort}`
    wrangler = new Terminal(`${readme.withoutDocker} ${options}`, quietWrangler(folder))
    executor = await startExecutor()
    await wrangler.prints(/Ready on /, START_TIMEOUT_MS)
    url = `http://localhost:${port}`
  }, 2 * START_TIMEOUT_MS)
  afterAll(async () => {
    await wrangler?.interrupt()
    await executor?.interrupt()
  })

  test('a command goes from README’s curl to a file, by the key that wrangler has printed', async () => {
    const [, key] = await wrangler.prints(/API key.*(ffsk_[0-9a-f]{64})/, START_TIMEOUT_MS)
    expect(readme.curl).toContain(key)
    const answer = await sendAsCurl(readme.curl, port)
    const command = await new ApiClient({ url, apiKey: key ?? '' }).ended(JSON.parse(await answer.text()).command_id)
    expect(command).toMatchObject({ status: 'SUCCESS', output_files: { out_video: { duration: 5 } } })
    const { storage_url, size_mbytes } = command.output_files.out_video ?? {}
    expect((await (await fetch(storage_url ?? '')).bytes()).length / 1e6).toBe(size_mbytes)
  })

  test('the console and the guides are there', async () => {
    for (const page of ['/', '/docs/guides/settings']) {
      const answer = await fetch(url + page)
      expect([answer.status, answer.headers.get('content-type')], page).toEqual([200, 'text/html; charset=utf-8'])
    }
  })

  test('under another name than localhost it answers nobody, and says what to do', async () => {
    const { status, body } = await askedAs(ELSEWHERE, `${url}/api/v1/commands`)
    expect(status).toBe(500)
    expect(JSON.parse(body)).toMatchObject({ error: 'MISCONFIGURED', message: expect.stringContaining(`not on ${ELSEWHERE}`) })
  })

  test('a second executor on the same port is one line that names it, and exit 1', async () => {
    const second = new Terminal(readme.executor, { ...process.env, EXECUTOR_PORT: String(executorPort) })
    expect(await second.exitCode()).toBe(1)
    expect(second.output.trim().split('\n').at(-1)).toBe(
      `Port ${executorPort} is in use: stop what listens there, or choose another with EXECUTOR_PORT=…`,
    )
  })

  test('Ctrl-C ends the executor and leaves nothing of it; without it the health and a command say how to start it', async () => {
    await executor.interrupt()
    await expect(rm(jobsDirOf(`${PROJECT_ROOT}:${executorPort}`), { recursive: true })).rejects.toThrow('ENOENT')
    const hint = expect.stringContaining('start one by `npm run executor`')
    const api = new ApiClient({ url, apiKey: DEVELOPMENT_API_KEY })
    await waitUntil('the health has noticed', async () => (await api.fetch('/api/v1/health')).status === 503)
    expect(await (await api.fetch('/api/v1/health')).json()).toMatchObject({ status: 'unavailable', executor: { message: hint } })
    expect(await api.ended(await api.submit(PICTURE))).toMatchObject({ error_status: 'EXECUTOR_LOST', error_message: hint })
    executor = await startExecutor()
    expect(await api.ended(await api.submit(PICTURE))).toMatchObject({ status: 'SUCCESS' })
  })
})

test('npx wrangler deploy refuses what is for this machine', async () => {
  const deploy = new Terminal('npx wrangler deploy --dry-run', quietWrangler(folder))
  expect(await deploy.exitCode()).toBe(1)
  expect(deploy.output).toContain('deploy by `npm run deploy`')
})
