/** Several large inputs from a server that is slow to each connection. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import type { Stack } from '../../src/cli/stack.ts'
import { ApiClient } from '../support/api-client.ts'
import { type Row, spreadOf } from './statistics.ts'

const ROUNDS = 2
const NUMBERS = [1, 2, 3, 4]
const COPY = `${NUMBERS.map((n) => `-map ${n - 1}:v`).join(' ')} -c copy -t 0.1`

/** Beside curl, which fetches them side by side, and FFmpeg. */
export async function measureInputs(stack: Stack, url: (n: number) => string): Promise<Row[]> {
  const api = new ApiClient(stack)
  const times = { ours: [] as number[], plain: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const folder = await mkdtemp(`${tmpdir()}/renderio-bench-inputs-`)
    try {
      const fetches = NUMBERS.map((n) => `-o ${n}.mov '${url(n)}'`).join(' ')
      const inputs = NUMBERS.map((n) => `-i ${n}.mov`).join(' ')
      const script = `curl -sS --parallel ${fetches} && ffmpeg -v error -nostdin -y ${inputs} ${COPY} out.mov`
      times.plain.push(await timed(() => promisify(execFile)('sh', ['-c', script], { cwd: folder })))
    } finally {
      await rm(folder, { recursive: true })
    }
    times.ours.push(
      await timed(async () => {
        const id = await api.submit({
          input_files: Object.fromEntries(NUMBERS.map((n) => [`in_${n}`, url(n)])),
          output_files: { out_file: 'out.mov' },
          ffmpeg_command: `${NUMBERS.map((n) => `-i {{in_${n}}}`).join(' ')} ${COPY} {{out_file}}`,
        })
        const { status, error_message } = await api.ended(id)
        if (status !== 'SUCCESS') throw new Error(error_message ?? status)
      }),
    )
  }
  const [ours, plain] = [spreadOf(times.ours), spreadOf(times.plain)]
  return [
    { scenario: 'inputs', measure: 'curl --parallel and FFmpeg', unit: 'ms', value: plain.median, spread: plain, goal: null },
    { scenario: 'inputs', measure: 'submit to end', unit: 'ms', value: ours.median, spread: ours, goal: null },
    { scenario: 'inputs', measure: 'ratio', unit: '×', value: ours.median / plain.median, spread: null, goal: '≤ 1.1' },
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
