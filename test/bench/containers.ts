/** What containers cost beside the embedded run: the wait for a cold one, and a tiny job in a warm one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readSettings } from '../../src/cli/settings.ts'
import { type Stack, startStack } from '../../src/cli/stack.ts'
import { docker, findEngine, makeImages } from '../container/engine.ts'
import { ApiClient } from '../support/api-client.ts'
import { figure, medianOf, type Row } from './rows.ts'
import { spreadOf } from './statistics.ts'

const COLD_RUNS = 3
const WARM_RUNS = 15
const TINY = { output_files: { out_image: 'tiny.png' }, ffmpeg_command: '-f lavfi -i testsrc=s=64x64 -frames:v 1 {{out_image}}' }
const EXECUTORS = ['--filter', 'name=^/?workerd-renderio-Executor-.*[0-9a-f]$', '--format', '{{.ID}}']

/** Milliseconds from the submit to the end, and what of them is not FFmpeg's own time, which differs with its version. */
async function timeTiny(stack: Stack): Promise<{ totalMs: number; besideFfmpegMs: number }> {
  const started = performance.now()
  const api = new ApiClient(stack)
  const command = await api.poll(await api.submit(TINY), 60)
  const totalMs = performance.now() - started
  if (command.status !== 'SUCCESS') throw new Error(`a tiny job ended with ${command.error_message}`)
  return { totalMs, besideFfmpegMs: totalMs - (command.ffmpeg_command_run_seconds ?? 0) * 1000 }
}

async function timesOf(runs: number, time: () => Promise<{ totalMs: number; besideFfmpegMs: number }>) {
  const times: { totalMs: number; besideFfmpegMs: number }[] = []
  for (let run = 0; run < runs; run++) times.push(await time())
  return { total: times.map(({ totalMs }) => totalMs), beside: times.map(({ besideFfmpegMs }) => besideFfmpegMs) }
}

async function executors(): Promise<string[]> {
  return (await docker('ps', ...EXECUTORS)).split('\n').filter(Boolean)
}

/** @param embedded a stack whose executor is a process, to compare with */
export async function measureContainers(embedded: Stack): Promise<Row[]> {
  const engine = await findEngine()
  if (!engine.available) {
    console.log(`Containers are not measured: ${engine.reason}`)
    return []
  }
  Object.assign(process.env, await makeImages(() => {}))
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-bench-containers-'))
  const settings = { ...readSettings(process.env), port: 0, stateDir }
  const stack = await startStack({ settings, executorIn: 'containers', log: () => {} })
  try {
    const cold = await timesOf(COLD_RUNS, async () => {
      const running = await executors()
      if (running.length > 0) await docker('rm', '--force', ...running)
      return timeTiny(stack)
    })
    const warm = await timesOf(WARM_RUNS, () => timeTiny(stack))
    const ownProcess = await timesOf(WARM_RUNS, () => timeTiny(embedded))
    const over = spreadOf(warm.beside).median - spreadOf(ownProcess.beside).median
    return [
      medianOf('containers', 'cold: submit to SUCCESS', 'ms', cold.total),
      medianOf('containers', 'warm: submit to SUCCESS', 'ms', warm.total),
      medianOf('containers', 'warm, beside FFmpeg', 'ms', warm.beside),
      medianOf('containers', 'embedded, beside FFmpeg', 'ms', ownProcess.beside),
      figure('containers', 'warm over embedded', 'ms', over, { op: '<', bound: 30 }),
      figure('containers', 'containers at work', '', (await executors()).length),
    ]
  } finally {
    await stack.stop()
    await rm(stateDir, { recursive: true, force: true })
  }
}
