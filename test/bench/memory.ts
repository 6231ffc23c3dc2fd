/** How much memory the parts of a running stack take. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { descendantsOf } from '../support/processes.ts'

export interface PeakMemory {
  /** Megabytes of the largest workerd, and of the executor. */
  stop: () => { workerd: number; executor: number }
}

/** Samples resident memory until stopped. */
export function watchMemory(pid: number): PeakMemory {
  const peak = { workerd: 0, executor: 0 }
  let stopped = false
  const sample = async () => {
    while (!stopped) {
      for (const info of await descendantsOf(pid)) {
        const kind = /\/workerd serve /.test(info.command) ? 'workerd' : /container\/server\.ts$/.test(info.command) ? 'executor' : null
        if (kind) peak[kind] = Math.max(peak[kind], await residentMegabytes(info.pid))
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  void sample()
  return {
    stop: () => {
      stopped = true
      return peak
    },
  }
}

async function residentMegabytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '0' }))
  return Number(stdout) / 1024
}
