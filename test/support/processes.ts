/** The machine's process table: `/proc` on Linux, elsewhere as `ps` shows it. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface ProcessInfo {
  pid: number
  parent: number
  group: number
  command: string
}

/** Every process that runs. One that has ended and only waits for its parent to notice (a zombie) does not count. */
export function runningProcesses(): Promise<ProcessInfo[]> {
  return process.platform === 'linux' ? processesInProc() : processesOfPs()
}

async function processesInProc(): Promise<ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => processInProc(Number(pid))).filter((info) => info !== null)
}

/**
 * See proc_pid_stat(5): the name, in parentheses, may hold anything. Null where the process has ended.
 * These files are in memory: to wait for them takes many times as long as to read them, and tests look often.
 */
function processInProc(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return null
    // A thread of the kernel has no command line.
    const command = commandLine === '' ? `[${name}]` : commandLine.replace(/\0$/, '').replaceAll('\0', ' ')
    return { pid, parent: Number(parent), group: Number(group), command }
  } catch {
    return null
  }
}

async function processesOfPs(): Promise<ProcessInfo[]> {
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
  signalProcess(pid, 'SIGKILL')
}

/** Sends a signal; a process that is gone already is fine. */
export function signalProcess(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
