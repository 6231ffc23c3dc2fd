/** The programs of the quickstart guide, as they stand there, against the whole stack. */
import { execFile } from 'node:child_process'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FFPROBE } from '../machine/ffmpeg.ts'
import { needs } from '../machine/needs.ts'
import type { RequirementId } from '../machine/requirements.ts'
import { codeInGuide } from '../support/guide-code.ts'
import { type MediaServer, startMediaServer } from '../support/media-server.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

/** Well formed, and nobody's. */
const UNKNOWN_KEY = `ffsk_${'0'.repeat(64)}`

interface Quickstart {
  language: string
  file: string
  /** What runs it. */
  program: string
  needs: RequirementId[]
}

const QUICKSTARTS: Quickstart[] = [
  { language: 'bash', file: 'quickstart.sh', program: 'bash', needs: ['shell'] },
  { language: 'python', file: 'quickstart.py', program: 'python3', needs: ['python'] },
  { language: 'ts', file: 'quickstart.mts', program: process.execPath, needs: [] },
  { language: 'js', file: 'quickstart.mjs', program: process.execPath, needs: [] },
  { language: 'php', file: 'quickstart.php', program: 'php', needs: ['php'] },
]

let stack: TestStack
let media: MediaServer

beforeAll(async () => {
  media = await startMediaServer()
  stack = await startTestStack()
})
afterAll(async () => {
  await stack?.stop()
  await media?.stop()
})

/** Codec and width of a file's video, as ffprobe tells them. */
async function videoOf(file: string): Promise<string> {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=codec_name,width', '-of', 'csv=p=0', file]
  return (await promisify(execFile)(FFPROBE, args)).stdout.trim()
}

for (const quickstart of QUICKSTARTS) {
  describe(quickstart.file, needs(...quickstart.needs), () => {
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'renderio-quickstart-'))
      await writeFile(path.join(folder, quickstart.file), await codeInGuide('quickstart', quickstart))
    })
    afterEach(() => rm(folder, { recursive: true }))

    /** Rejects with `code`, `stdout` and `stderr` where the exit code is not 0. */
    function run(variables: { KEY?: string; VIDEO?: string } = {}) {
      const env = { PATH: process.env.PATH, RENDERIO: stack.url, KEY: stack.apiKey, VIDEO: `${media.url}/tiny.mp4`, ...variables }
      return promisify(execFile)(quickstart.program, [quickstart.file], { cwd: folder, env })
    }

    test('leaves the converted video in its folder and says where', async () => {
      const { stdout, stderr } = await run()
      expect(stderr).toBe('')
      expect(stdout).toMatch(/small\.webm\n$/)
      expect(await videoOf(path.join(folder, 'small.webm'))).toBe('vp9,320')
    })

    test('says why the command failed, and leaves no file', async () => {
      const url = `${media.url}/status/404`
      await expect(run({ VIDEO: url })).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/UNREACHABLE_INPUT_FILE: .*\b404\b/),
      })
      await expect(access(path.join(folder, 'small.webm'))).rejects.toThrow('ENOENT')
    })

    test('says why the service refused it', async () => {
      await expect(run({ KEY: UNKNOWN_KEY })).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('this API key is unknown or has been revoked'),
      })
    })
  })
}
