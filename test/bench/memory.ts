/** How much memory the parts of the running stack take. Linux only: the kernel keeps the peak, so that looking costs nothing. */
import { readFile, writeFile } from 'node:fs/promises'
import { descendantsOf, type ProcessInfo } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Megabytes of the larger workerd, and of the executor; NaN where the system does not tell. */
export interface Memory {
  workerd: number
  executor: number
}

/** A process that this one has started and that is no part of the stack, with all that it has started. */
interface Besides {
  besides: number
}

/** Command lines. */
const PARTS: Record<keyof Memory, RegExp> = { workerd: /\/workerd serve /, executor: /container\/server\.ts$/ }

/** Memory that has not fallen for so long will not: longer than workerd keeps an object that nobody asks. */
const SETTLED_MS = 15_000
/** What it may still fall by, in megabytes. */
const SETTLED_MB = 1
const SETTLE_TIMEOUT_MS = 180_000

/** Forgets the peaks so far. */
export async function watchMemory(besides: Besides): Promise<{ peak: () => Promise<Memory> }> {
  const processes = await stackProcesses(besides)
  // 5 is the kernel's word for "the peak is what it is now" (proc(5), clear_refs).
  await Promise.all(processes.map((info) => writeFile(`/proc/${info.pid}/clear_refs`, '5').catch(() => undefined)))
  return { peak: () => largestOf(processes, 'VmHWM') }
}

/** What they keep of it when there is nothing to do: waits until it falls no more. */
export async function settledMemory(besides: Besides): Promise<Memory> {
  const processes = await stackProcesses(besides)
  let lowest = await largestOf(processes, 'VmRSS')
  let since = performance.now()
  await waitUntil(
    'the memory has settled',
    async () => {
      const now = await largestOf(processes, 'VmRSS')
      if (now.workerd < lowest.workerd - SETTLED_MB || now.executor < lowest.executor - SETTLED_MB) {
        lowest = { workerd: Math.min(now.workerd, lowest.workerd), executor: Math.min(now.executor, lowest.executor) }
        since = performance.now()
      }
      return performance.now() - since > SETTLED_MS
    },
    SETTLE_TIMEOUT_MS,
  )
  return lowest
}

/** What the part's process among these takes now, and which it is; null where there is none, as while it is being started again. */
export async function residentPart(
  processes: readonly ProcessInfo[],
  part: keyof Memory,
): Promise<{ pid: number; megabytes: number } | null> {
  const own = processes.filter((info) => PARTS[part].test(info.command))
  const sizes = await Promise.all(own.map(async ({ pid }) => ({ pid, megabytes: await megabytes(pid, 'VmRSS') })))
  // The shell that guards the executor has its words on its command line, and next to no memory.
  return sizes.filter((size) => !Number.isNaN(size.megabytes)).sort((a, b) => b.megabytes - a.megabytes)[0] ?? null
}

async function stackProcesses({ besides }: Besides): Promise<ProcessInfo[]> {
  const [all, others] = await Promise.all([descendantsOf(process.pid), descendantsOf(besides)])
  return all.filter((info) => !others.some(({ pid }) => pid === info.pid))
}

async function largestOf(processes: readonly ProcessInfo[], field: 'VmHWM' | 'VmRSS'): Promise<Memory> {
  const largest = async (pattern: RegExp) => {
    const sizes = await Promise.all(processes.filter((info) => pattern.test(info.command)).map((info) => megabytes(info.pid, field)))
    // One that has ended meanwhile tells nothing.
    const told = sizes.filter((size) => !Number.isNaN(size))
    return told.length > 0 ? Math.max(...told) : Number.NaN
  }
  return { workerd: await largest(PARTS.workerd), executor: await largest(PARTS.executor) }
}

/** The fields are those of proc(5), status. */
async function megabytes(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
}
