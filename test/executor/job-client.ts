/** What the tests of the executor say to it. */
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { executorErrorSchema, type JobState, jobStateSchema, type RunRequest } from '../../src/executor/protocol.ts'
import type { ExecutorProcess } from '../support/executor-process.ts'
import { runningProcesses } from '../support/processes.ts'

const DEADLINE_MS = 110_000

export const LIMITS = { run_seconds: 60, disk_bytes: 200e6 }

/** A second of small test picture; `-re`, put before it, makes it take as long as it lasts. */
export const testSource = (seconds: number): string[] => ['-f', 'lavfi', '-i', `testsrc=duration=${seconds}:size=160x120:rate=10`]

/** A command that runs for an hour. `token` is found in its arguments by `processesWith`. */
export const endless = (token = 'endless'): string[] => ['-re', ...testSource(3600), '-metadata', `comment=${token}`, '-f', 'null', '-']

export class JobClient {
  readonly name = `${randomUUID()}.1`
  readonly url: string
  readonly #executor: ExecutorProcess

  constructor(executor: ExecutorProcess) {
    this.#executor = executor
    this.url = `${executor.url}/v1/jobs/${this.name}`
  }

  put(
    filename: string,
    body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.url}/inputs/${filename}`, { method: 'PUT', body, headers, duplex: 'half' })
  }

  run(request: Partial<RunRequest>): Promise<Response> {
    return this.#post('run', request)
  }

  prepare(request: Partial<RunRequest>): Promise<Response> {
    return this.#post('prepare', request)
  }

  #post(action: string, request: Partial<RunRequest>): Promise<Response> {
    const body = { commands: [], inputs: {}, outputs: {}, limits: LIMITS, ...request }
    return fetch(`${this.url}/${action}`, { method: 'POST', body: JSON.stringify(body) })
  }

  async state(after = -1, wait = 0): Promise<JobState> {
    const response = await fetch(`${this.url}?after=${after}&wait=${wait}`)
    return jobStateSchema.parse(await response.json())
  }

  /** Follows the job by long polls. */
  async until(reached: (state: JobState) => boolean): Promise<JobState> {
    const deadline = Date.now() + DEADLINE_MS
    let state = await this.state()
    while (!reached(state)) {
      if (Date.now() > deadline) throw new Error(`the job did not get there: ${JSON.stringify(state)}`)
      state = await this.state(state.revision, 5)
    }
    return state
  }

  /** Runs the request to its end. */
  async ended(request: Partial<RunRequest>): Promise<JobState> {
    const response = await this.run(request)
    expect(response.status, await response.clone().text()).toBe(202)
    return this.until((state) => state.state === 'SUCCEEDED' || state.state === 'FAILED')
  }

  output(alias: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}/outputs/${alias}`, init)
  }

  async log(): Promise<string> {
    return (await fetch(`${this.url}/log`)).text()
  }

  remove(): Promise<Response> {
    return fetch(this.url, { method: 'DELETE' })
  }

  /** FFmpeg's working directory; null if the job has none. */
  async folder(): Promise<string | null> {
    const life = join(this.#executor.jobsDir, `${this.#executor.pid}`)
    const found = (await readdir(life)).find((name) => name.startsWith(this.name))
    return found === undefined ? null : join(life, found, 'files')
  }
}

/** Status and code of an answer that refuses. */
export async function refusal(response: Response | Promise<Response>): Promise<[number, string]> {
  const { status, ...rest } = await Promise.resolve(response).then(async (answer) => ({ status: answer.status, body: await answer.json() }))
  return [status, executorErrorSchema.parse(rest.body).error.code]
}

/** Ids of the processes whose arguments contain `token`: FFmpeg, and whatever stands around it. */
export async function processesWith(token: string): Promise<number[]> {
  const processes = await runningProcesses()
  return processes.filter(({ command }) => command.includes(token)).map(({ pid }) => pid)
}
