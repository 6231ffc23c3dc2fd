/** The machine's process table, as `ps` shows it on Linux and macOS. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface ProcessInfo {
  pid: number
  parent: number
  group: number
  command: string
}

/** Every process that runs. One that has ended and only waits for its parent to notice (a zombie) does not count. */
export async function runningProcesses(): Promise<ProcessInfo[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,args='], { maxBuffer: 16 * 1024 * 1024 })
  return stdout.split('\n').flatMap((line) => {
    const fields = line.match(/^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/)
    if (!fields || fields[4]?.startsWith('Z')) return []
    return [{ pid: Number(fields[1]), parent: Number(fields[2]), group: Number(fields[3]), command: fields[5] ?? '' }]
  })
}

/** The processes that `pid` started, directly or not. */
export async function descendantsOf(pid: number): Promise<ProcessInfo[]> {
  return (await familyOf(pid)).filter((info) => info.pid !== pid)
}

/** The process itself, first, and those that it started. */
export async function familyOf(pid: number): Promise<ProcessInfo[]> {
  const all = await runningProcesses()
  const found = all.filter((info) => info.pid === pid)
  for (let parents = [pid]; parents.length > 0; ) {
    const children = all.filter((info) => parents.includes(info.parent))
    found.push(...children)
    parents = children.map((info) => info.pid)
  }
  return found
}

/** Sends SIGKILL; a process that is gone already is fine. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
