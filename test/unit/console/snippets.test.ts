/** The request as code: each language sends the very body that the console would send. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, type TestOptions, test } from 'vitest'
import type { SubmitRequest } from '../../../src/console/api/types.ts'
import { type Language, snippet } from '../../../src/console/request/snippets.ts'
import { needs } from '../../machine/needs.ts'

const KEY = 'ffsk_of_the_environment'
const PROGRAMS: Record<Language, [string, ...string[]]> = {
  curl: ['bash', '-c'],
  JavaScript: [process.execPath, '--input-type=module', '-e'],
  Python: ['python3', '-c'],
}
const NEEDS: Record<Language, TestOptions> = { curl: needs('shell'), JavaScript: {}, Python: needs('python') }
const HOSTILE = `it's "quoted" $HOME \`id\` \\{\\{x\\}\\} 100% é 🎬\n\ttwo lines; rm -rf <a>`
const BODIES: Record<string, SubmitRequest> = {
  single: {
    input_files: { in_1: 'https://example.com/a.mp4' },
    output_files: { out_1: 'b.webm' },
    ffmpeg_command: `-i {{in_1}} -metadata title="${HOSTILE}" {{out_1}}`,
  },
  chain: {
    output_files: 'OUTPUT_FOLDER',
    ffmpeg_commands: [HOSTILE, '-i a b'],
    metadata: { text: HOSTILE, none: null, yes: true, no: false, list: [1, 2.5, []], empty: {} },
    max_command_run_seconds: 20,
  },
}

interface Received {
  target: string
  key: string
  body: unknown
}

/** A service that remembers the one request that it gets. */
async function startService(): Promise<{ origin: string; received: Promise<Received> }> {
  const { promise, resolve } = Promise.withResolvers<Received>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    response.setHeader('content-type', 'application/json').end('{}')
    resolve({ target: request.url ?? '', key: String(request.headers['x-api-key']), body: JSON.parse(Buffer.concat(chunks).toString()) })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received: promise }
}

for (const language of ['curl', 'JavaScript', 'Python'] as const) {
  const [program, ...args] = PROGRAMS[language]
  describe.each(Object.entries(BODIES))(`${language}, %s`, NEEDS[language], (kind, body) => {
    test('sends the body to the last character, with the key of the environment', async () => {
      const { origin, received } = await startService()
      await promisify(execFile)(program, [...args, snippet(language, body, origin)], { env: { ...process.env, RENDERIO_API_KEY: KEY } })
      const target = kind === 'chain' ? '/api/v1/run-chained-ffmpeg-commands' : '/api/v1/run-ffmpeg-command'
      expect(await received).toEqual({ target, key: KEY, body })
    })
  })
}
