/** The machine's processes, as tests look at them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Ids of the processes whose arguments contain `token`. */
export async function processesWith(token: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,args='], { maxBuffer: 16e6 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(token))
    .map((line) => Number.parseInt(line, 10))
}
