/** Several large inputs from a server that is slow to each connection. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import type { Stack } from '../../src/cli/stack.ts'
import { medianOf, type Row } from './rows.ts'
import { inRounds, timed } from './statistics.ts'
import { runToSuccess } from './submit.ts'

const NUMBERS = [1, 2, 3, 4]
/** Little comes out of it: what is measured is how the inputs come in. */
const COPY = `${NUMBERS.map((n) => `-map ${n - 1}:v`).join(' ')} -c copy -frames:v 1`

/** Beside curl, which fetches them side by side, and FFmpeg. */
export async function measureInputs(stack: Stack, url: (n: number) => string): Promise<Row[]> {
  const job = {
    input_files: Object.fromEntries(NUMBERS.map((n) => [`in_${n}`, url(n)])),
    output_files: { out_file: 'out.mov' },
    ffmpeg_command: `${NUMBERS.map((n) => `-i {{in_${n}}}`).join(' ')} ${COPY} {{out_file}}`,
  }
  const rounds = await inRounds(3, async () => ({ plain: await byHand(url), ours: await timed(() => runToSuccess(stack, job)) }))
  const [plain, ours] = [rounds.map((round) => round.plain), rounds.map((round) => round.ours)]
  const ratios = rounds.map((round) => round.ours / round.plain)
  return [
    medianOf('inputs', 'curl --parallel and FFmpeg', 'ms', plain),
    medianOf('inputs', 'submit to end', 'ms', ours),
    medianOf('inputs', 'ratio to curl --parallel', '×', ratios, { op: '≤', bound: 1.1 }),
  ]
}

async function byHand(url: (n: number) => string): Promise<number> {
  const folder = await mkdtemp(`${tmpdir()}/renderio-bench-inputs-`)
  try {
    const fetches = NUMBERS.map((n) => `-o ${n}.mov '${url(n)}'`).join(' ')
    const inputs = NUMBERS.map((n) => `-i ${n}.mov`).join(' ')
    // Without "immediate" the others wait until curl knows whether the first connection can be shared.
    const script = `curl -sS --parallel --parallel-immediate ${fetches} && ffmpeg -v error -nostdin -y ${inputs} ${COPY} out.mov`
    return await timed(() => promisify(execFile)('sh', ['-c', script], { cwd: folder }))
  } finally {
    await rm(folder, { recursive: true })
  }
}
