/** The same job without a service: curl the input, run FFmpeg, copy the output. */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface BenchJob {
  inputUrl: string
  /** FFmpeg's arguments between the input and the output. */
  args: string[]
  outputName: string
}

/** Milliseconds that the job takes by hand. */
export async function timePlain(job: BenchJob): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-plain-'))
  const file = (name: string) => path.join(folder, name)
  try {
    const start = performance.now()
    await run('curl', ['-sS', '-o', file('input.mp4'), job.inputUrl])
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', file('input.mp4'), ...job.args, file(job.outputName)])
    await copyFile(file(job.outputName), file('copy'))
    return performance.now() - start
  } finally {
    await rm(folder, { recursive: true })
  }
}
