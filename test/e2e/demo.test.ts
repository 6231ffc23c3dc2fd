/** `npm run demo` as someone meets it who has just cloned the repository. */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Rejects with everything that was printed where the exit code is not 0. */
function runDemo(env: Record<string, string>) {
  return promisify(execFile)(process.execPath, [path.join(ROOT, 'src/cli/demo.ts')], { cwd: ROOT, env: { ...process.env, ...env } })
}

test('it converts a sample video and shows what came out', { timeout: 300_000 }, async () => {
  const { stdout, stderr } = await runDemo({})
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^Command id: +[0-9a-f-]{36}$/m)
  expect(stdout).toMatch(/^Status: +SUCCESS$/m)
  expect(stdout).toMatch(/^Media: +webm, vp9, 640×360, 25 fps, /m)
  expect(stdout).toMatch(/^Signed URL: +http:\S+\/converted\.webm$/m)
  expect(stdout).toMatch(/^Webhook: +SUCCESS delivered .*signature verified$/m)
  // A line for each change, since this is not a terminal. Which of them a look meets depends on the machine; the last it always does.
  expect(stdout).toMatch(/^100% SUCCESS$/m)
  expect((await stat(path.join(ROOT, 'demo-output/converted.webm'))).size).toBeGreaterThan(10_000)
})

test('it says why it fails', async () => {
  await expect(runDemo({ FFMPEG_PATH: '/nowhere/ffmpeg' })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^FFMPEG_PATH=\/nowhere\/ffmpeg does not run: .*\n$/m),
  })
})
