/** `npm run deploy`, as far as it goes without an account, and `npm run dev:containers` without an engine. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const CLI = path.resolve(import.meta.dirname, '../../src/cli')

/** Runs a program of this project to its end, as somebody who has no Cloudflare account. */
async function run(program: string, args: string[], env: Record<string, string> = {}) {
  const home = await mkdtemp(path.join(tmpdir(), 'renderio-home-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const { CLOUDFLARE_API_TOKEN: _, ...inherited } = process.env
  const outcome = promisify(execFile)(process.execPath, [path.join(CLI, program), ...args], {
    env: { ...inherited, HOME: home, XDG_CONFIG_HOME: home, STATE_DIR: path.join(home, 'state'), PORT: '0', ...env },
  })
  return outcome.then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

test('a dry run builds what would be deployed, with every binding of production', async () => {
  const { code, stdout, stderr } = await run('deploy.ts', ['--dry-run'])
  expect(code, stderr).toBe(0)
  for (const binding of ['COMMAND', 'STORED_FILE', 'ACCOUNT', 'EXECUTOR', 'KEYS', 'FILES', 'WEBHOOKS', 'WEBHOOKS_DEAD', 'SUBMIT_LIMIT']) {
    expect(stdout).toMatch(new RegExp(`env\\.${binding} \\(`))
  }
  expect(stdout).toContain('renderio-executor')
  expect(stdout).toMatch(/Read \d+ files from the assets directory/)
})

test('without an account a deployment ends with one line that says what to do', async () => {
  const { code, stderr } = await run('deploy.ts', [])
  expect(code).toBe(1)
  expect(stderr).toBe('Not logged in to Cloudflare: npx wrangler login, or set CLOUDFLARE_API_TOKEN\n')
})

test.each([
  [
    'Docker',
    { WRANGLER_DOCKER_BIN: '/nowhere/docker' },
    'Docker is not installed: install it, or run FFmpeg without containers by `npm run dev`\n',
  ],
  [
    'a Docker engine',
    { WRANGLER_DOCKER_BIN: 'false' },
    'No Docker engine answers: start it, or run FFmpeg without containers by `npm run dev`\n',
  ],
])('npm run dev:containers without %s ends with one line that says what is missing', async (_, env, complaint) => {
  const { code, stderr } = await run('dev.ts', ['--containers'], env)
  expect(code).toBe(1)
  expect(stderr).toBe(complaint)
})
