/** How much memory the parts of a running stack take at the most. Linux only: the kernel keeps the peak, so that looking costs nothing. */
import { readFile, writeFile } from 'node:fs/promises'
import { descendantsOf, type ProcessInfo } from '../support/processes.ts'

export interface MemoryWatch {
  /** Megabytes of the larger workerd, and of the executor, since the watch began; NaN where the system does not tell. */
  peak: () => Promise<{ workerd: number; executor: number }>
}

/** Forgets the peaks so far of what `pid` has started. */
export async function watchMemory(pid: number): Promise<MemoryWatch> {
  const processes = await descendantsOf(pid)
  // 5 is the kernel's word for "the peak is what it is now" (proc(5), clear_refs).
  await Promise.all(processes.map((info) => writeFile(`/proc/${info.pid}/clear_refs`, '5').catch(() => undefined)))
  return { peak: () => largestOf(processes, 'VmHWM') }
}

/** Of the larger workerd, and of the executor, that `pid` has started: what they take now, in megabytes; NaN where the system does not tell. */
export async function residentMemory(pid: number): Promise<{ workerd: number; executor: number }> {
  return largestOf(await descendantsOf(pid), 'VmRSS')
}

async function largestOf(processes: readonly ProcessInfo[], field: 'VmHWM' | 'VmRSS'): Promise<{ workerd: number; executor: number }> {
  const largest = async (pattern: RegExp) => {
    const sizes = processes.filter((info) => pattern.test(info.command)).map((info) => megabytes(info.pid, field))
    return Math.max(...(await Promise.all(sizes)))
  }
  return { workerd: await largest(/\/workerd serve /), executor: await largest(/container\/server\.ts$/) }
}

/** The fields are those of proc(5), status. */
async function megabytes(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
}
