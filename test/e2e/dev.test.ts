/** `npm run dev` and `npm run keys` as an operator meets them. What survives a power cut is in `crash.test.ts`. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { API_KEY_PATTERN, fingerprintOf, hashApiKey } from '../../src/api/api-key.ts'
import { findFfmpeg } from '../../src/cli/ffmpeg-path.ts'
import { findFreePort } from '../../src/cli/ports.ts'
import { DEVELOPMENT_API_KEY } from '../../src/development.ts'
import { FFPROBE } from '../machine/ffmpeg.ts'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { askedAs } from '../support/local-testing.ts'
import { familyOf, killProcess } from '../support/processes.ts'
import { START_TIMEOUT_MS, spawnDev, spawnNpmRunDev, startTestStack, type TestStack, waitUntilGone } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-dev-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `npm run dev`'s program to its end. */
async function runDev(env: Record<string, string>): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawnDev({ STATE_DIR: await temporaryFolder(), PORT: '0', ...env })
  const printed = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (printed.stdout += chunk))
  child.stderr?.on('data', (chunk) => (printed.stderr += chunk))
  await once(child, 'close')
  return { exitCode: child.exitCode, ...printed }
}

async function runKeys(stateDir: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'src/cli/keys.ts'), ...args], {
    env: { ...process.env, STATE_DIR: stateDir },
  })
  return stdout.trim()
}

async function isHealthy(stack: TestStack): Promise<boolean> {
  try {
    return (await new ApiClient(stack).fetch('/api/v1/health', { signal: AbortSignal.timeout(5000) })).status === 200
  } catch {
    return false
  }
}

describe('what stops a start', () => {
  test('a port in use is one line that names it, and exit 1', async () => {
    const port = await findFreePort()
    const squatter = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void squatter.close())
    await once(squatter, 'listening')
    const { exitCode, stdout, stderr } = await runDev({ PORT: String(port) })
    expect(exitCode).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toBe(`Port ${port} is in use: stop what listens there, or choose another with PORT=…\n`)
  })

  test.each([
    ['PORT', '80a', /^PORT=80a is not usable: it must be a whole number from 0 to 65535\n$/],
    ['PORT', '65536', /^PORT=65536 is not usable: .*\n$/],
    ['MAX_CONCURRENT_COMMANDS', '0', /^MAX_CONCURRENT_COMMANDS=0 is not usable: .*\n$/],
    ['RENDERIO_API_KEY', 'ffsk_short', /^RENDERIO_API_KEY=… is not usable: .*\n$/],
    ['FFMPEG_PATH', '/nowhere/ffmpeg', /^FFMPEG_PATH=\/nowhere\/ffmpeg does not run: .*\n$/],
    ['FFPROBE_PATH', '/nowhere/ffprobe', /^FFPROBE_PATH=\/nowhere\/ffprobe does not run: .*\n$/],
  ])('%s=%s is one clear line and exit 1', async (name, value, line) => {
    const { exitCode, stdout, stderr } = await runDev({ [name]: value })
    expect(exitCode).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(line)
  })
})

describe('without an FFmpeg of one’s own', () => {
  /** As a machine has it on which none is installed. */
  const BARE = { PATH: '/nowhere', FFMPEG_PATH: '', FFPROBE_PATH: '' }
  const WARNING =
    /Neither ffmpeg nor ffprobe was found on the PATH, and the build from npm is unsafe for other people’s media \(its ffmpeg is \d+ years old, its ffprobe is \d+ years old\): install a current one .*/

  test('the demo finds an old build from npm, and what is wrong with it', async () => {
    vi.stubEnv('PATH', BARE.PATH)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { ffmpeg, ffprobe, warning } = await findFfmpeg({ ffmpegPath: undefined, ffprobePath: undefined })
    expect(ffmpeg).toContain('node_modules/@ffmpeg-installer/')
    expect(ffprobe).toContain('node_modules/@ffprobe-installer/')
    expect(warning).toMatch(WARNING)
  })

  test.each(['dev', 'executor'])('npm run %s does not start, and says in one line how to get one', async (command) => {
    const folder = await temporaryFolder()
    const port = String(await findFreePort())
    const env = { ...process.env, ...BARE, STATE_DIR: folder, PORT: port, EXECUTOR_PORT: port }
    const started = promisify(execFile)(process.execPath, [path.join(ROOT, `src/cli/${command}.ts`)], { env })
    const line = new RegExp(`^${WARNING.source}\\. ALLOW_OLD_FFMPEG=1 starts with it all the same, for media of your own\\n$`)
    await expect(started).rejects.toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(line) })
  })

  test('it starts with the old build where that is allowed, and says what that means', { timeout: START_TIMEOUT_MS }, async () => {
    const stack = await startTestStack({ env: { ...BARE, ALLOW_OLD_FFMPEG: '1' } })
    onTestFinished(() => stack.stop())
    expect(stack.output).toMatch(WARNING)
    const client = new ApiClient(stack)
    const id = await client.submit({ output_files: { out_a: 'a.png' }, ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_a}}' })
    expect(await client.ended(id)).toMatchObject({ status: 'SUCCESS' })
  })
})

test('SIGINT during the start undoes it and exits 0', async () => {
  const stateDir = await temporaryFolder()
  const child = spawnDev({ STATE_DIR: stateDir, PORT: '0' })
  // The Worker's settings are the last thing that is written before wrangler starts.
  await waitUntil('the Worker is being started', () => stat(path.join(stateDir, 'worker.env')).catch(() => null))
  child.kill('SIGINT')
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
})

test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
  '%s to npm ends everything that npm run dev has started',
  { timeout: START_TIMEOUT_MS },
  async (signal) => {
    const npm = spawnNpmRunDev({ STATE_DIR: await temporaryFolder(), PORT: '0' })
    const group = -(npm.pid ?? Number.NaN)
    onTestFinished(() => killProcess(group))
    let printed = ''
    npm.stdout?.on('data', (chunk) => (printed += chunk))
    npm.stderr?.on('data', (chunk) => (printed += chunk))
    await waitUntil('the stack is ready', () => /^API key /m.test(printed), START_TIMEOUT_MS)
    const started = await familyOf(npm.pid ?? 0)
    const commands = started.map(({ command }) => command)
    for (const part of ['src/cli/dev.ts', 'src/cli/local-worker.ts', 'container/server.ts']) {
      expect(commands).toContainEqual(expect.stringContaining(part))
    }
    npm.kill(signal)
    await waitUntilGone(started)
  },
)

describe('a running stack', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startTestStack()
  })
  afterAll(async () => {
    await stack.stop()
  })

  test('prints where it is', () => {
    expect(stack.output).toMatch(new RegExp(`^Ready on ${stack.url}$`, 'm'))
  })

  test('accepts no key that everyone knows, and serves under any name', async () => {
    const answer = await new ApiClient({ url: stack.url, apiKey: DEVELOPMENT_API_KEY }).fetch('/api/v1/commands')
    expect(answer.status).toBe(401)
    expect(await askedAs('renderio.example.com', `${stack.url}/api/v1/health`)).toMatchObject({ status: 200 })
  })

  test.each([
    ['out_playlist_hls', 'index.m3u8', '-hls_time 1 -hls_list_size 0'],
    ['out_playlist_dash', 'manifest.mpd', '-f dash -seg_duration 1'],
  ])('a player plays %s from its storage_url, sound and picture', needs('ffmpeg5'), async (alias, filename, options) => {
    const client = new ApiClient(stack)
    const id = await client.submit({
      output_files: { [alias]: filename },
      ffmpeg_command: `-f lavfi -i testsrc=d=3:s=160x120:r=10 -f lavfi -i sine=d=3 -c:v libx264 -preset ultrafast -g 10 -c:a aac ${options} {{${alias}}}`,
    })
    const url = (await client.ended(id)).output_files[alias]?.storage_url ?? ''
    const probe = ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames', '-of', 'csv=p=0', url]
    const { stdout } = await promisify(execFile)(FFPROBE, probe)
    expect(
      new Map(
        stdout
          .trim()
          .split('\n')
          .map((line) => [line.split(',')[0], Number(line.split(',')[1])]),
      ).get('h264'),
    ).toBe(30)
    expect(stdout).toContain('aac')
  })

  test('serves the typed client as the quickstart has it', async () => {
    const file = path.join(ROOT, 'test/client/example.ts')
    expect(await readFile(path.join(ROOT, 'src/docs/guides/quickstart.md'), 'utf8')).toContain(await readFile(file, 'utf8'))
    const env = { ...process.env, RENDERIO: stack.url, KEY: stack.apiKey }
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env })
    expect(stdout).toMatch(/^SUCCESS http:\S+\/tone\.mp3\n$/)
  })

  test('keeps its secrets from other users and from the process table', async () => {
    const files = ['secrets.json', 'worker.env'].map((name) => path.join(stack.stateDir, name))
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600)
    const { url_signing_secret, executor_token } = JSON.parse(await readFile(path.join(stack.stateDir, 'secrets.json'), 'utf8'))
    const commandLines = (await stack.processes()).map((info) => info.command).join('\n')
    expect(commandLines).not.toContain(url_signing_secret)
    expect(commandLines).not.toContain(executor_token)
  })

  test('the simulator’s own pages and headers are out of reach: a file is nobody’s without its link', async () => {
    const client = new ApiClient(stack)
    const id = await client.submit({ output_files: { out_a: 'a.png' }, ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_a}}' })
    const { file_id } = (await client.ended(id)).output_files.out_a ?? {}
    const bare = await fetch(`${stack.url}/cdn-cgi/local/r2/public/renderio-files/default/${file_id}/a.png`)
    expect(bare.status).toBe(404)
    const elsewhere = await fetch(`${stack.url}/api/v1/health`, { headers: { 'MF-Original-URL': 'http://elsewhere/api/v1/commands' } })
    expect(elsewhere.status).toBe(200)
  })

  test('keeps a second stack away from its state', async () => {
    const { exitCode, stderr } = await runDev({ STATE_DIR: stack.stateDir })
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^\S+ is in use by another stack: .*\n$/)
  })

  test('starts the executor again when it is killed', async () => {
    const before = await stack.executorPid()
    await stack.killExecutor()
    await waitUntil('another executor runs', async () => (await stack.executorPid()) !== before)
    await waitUntil('the stack is healthy', () => isHealthy(stack))
  })

  test.each([
    ['workerd', (workerd: number[]) => workerd],
    ['the program that started workerd', async () => [await stack.workerPid()]],
  ])('recovers when %s is killed', async (_, pids) => {
    const before = await stack.workerdPids()
    for (const pid of await pids(before)) killProcess(pid)
    await waitUntil('another workerd runs', async () => (await stack.workerdPids()).every((pid) => !before.includes(pid)))
    await waitUntil('the stack is healthy', () => isHealthy(stack))
  })

  test('keys are made, listed and revoked while it runs', async () => {
    const key = await runKeys(stack.stateDir, 'create', '--account', 'acme', '--label', 'nightly build')
    expect(key).toMatch(API_KEY_PATTERN)
    const fingerprint = fingerprintOf(await hashApiKey(key))
    const listed = await runKeys(stack.stateDir, 'list')
    expect(listed).toMatch(new RegExp(`^${fingerprint}  acme +\\S+Z  nightly build$`, 'm'))
    expect(listed).toContain(fingerprintOf(await hashApiKey(stack.apiKey)))
    expect(listed).not.toContain(key)
    expect(await runKeys(stack.stateDir, 'revoke', fingerprint)).toBe(`Revoked ${fingerprint}`)
    expect(await runKeys(stack.stateDir, 'list')).not.toContain(fingerprint)
    await expect(runKeys(stack.stateDir, 'revoke', key)).rejects.toThrow(/There is no such key/)
  })

  test.each([
    { args: [], complaint: /Usage: npm run keys/ },
    { args: ['destroy'], complaint: /Usage: npm run keys/ },
    { args: ['create', '--acount', 'x'], complaint: /Unknown option '--acount'/ },
    { args: ['create', '--account', 'Not/OK'], complaint: /--account Not\/OK is not usable/ },
    { args: ['revoke', 'abc'], complaint: /Name the key itself/ },
  ])('keys $args is refused with the reason', async ({ args, complaint }) => {
    await expect(runKeys(stack.stateDir, ...args)).rejects.toThrow(complaint)
  })

  test('a signal stops everything and exits 0; the API key made at first and the signing secret survive that, another key, and a killed supervisor', {
    timeout: 4 * START_TIMEOUT_MS,
  }, async () => {
    const secrets = await readFile(path.join(stack.stateDir, 'secrets.json'), 'utf8')
    const { apiKey } = stack
    expect(apiKey).toMatch(API_KEY_PATTERN)
    const another = `ffsk_${'0123456789abcdef'.repeat(4)}`
    const signalled = (signal: 'SIGINT' | 'SIGTERM') => async () => {
      const started = await stack.processes()
      expect(started.length).toBeGreaterThan(4)
      expect(await stack.end(signal)).toBe(0)
      await waitUntilGone(started)
    }
    const lives = [
      { end: signalled('SIGINT'), env: { RENDERIO_API_KEY: another }, expected: another },
      { end: signalled('SIGTERM'), env: {}, expected: apiKey },
      { end: () => stack.killSupervisor(), env: {}, expected: apiKey },
    ]
    for (const { end, env, expected } of lives) {
      await end()
      await stack.start(env)
      expect(stack.apiKey).toBe(expected)
      expect(await readFile(path.join(stack.stateDir, 'secrets.json'), 'utf8')).toBe(secrets)
      expect(await isHealthy(stack)).toBe(true)
    }
  })
})
