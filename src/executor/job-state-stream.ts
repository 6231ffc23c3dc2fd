/** What an executor tells of a job, from the body of its answer. */
import { LineFault, LineReader } from '../outbound/lines.ts'
import { ExecutorFailure, parseJson } from './failure.ts'
import { type JobState, jobStateSchema } from './protocol.ts'

/** Three signs of life may be lost before an executor counts as silent, in milliseconds. */
const SILENCE_MS = 16_000
/** Room for the log and the standard output that come along, every character of them escaped, and for what is told of the outputs. */
const MAX_LINE_CHARACTERS = 4 * 1024 ** 2

export class JobStateStream {
  readonly #lines: LineReader
  readonly #silenceMs: number
  #hasSpoken = false

  constructor(body: ReadableStream<Uint8Array>, silenceMs = SILENCE_MS) {
    this.#lines = new LineReader(body, MAX_LINE_CHARACTERS)
    this.#silenceMs = silenceMs
  }

  /** Whether a state or a sign of life has come. */
  get hasSpoken(): boolean {
    return this.#hasSpoken
  }

  /** The next state; null when the stream has ended. Throws an ExecutorFailure: `unreachable` where it breaks off, `refused` where it makes no sense. */
  async next(): Promise<JobState | null> {
    for (;;) {
      const line = await this.#lines.next(this.#silenceMs).catch(failed)
      if (line === null) return null
      this.#hasSpoken = true
      if (line.text === '') continue
      const json = parseJson(line.text)
      if (json === null && !line.isWhole) throw new ExecutorFailure('unreachable', 'the executor’s answer was cut off')
      const state = jobStateSchema.safeParse(json)
      if (state.success) return state.data
      this.close()
      throw new ExecutorFailure('refused', `the executor’s answer breaks the protocol: ${state.error.message}`)
    }
  }

  /** Nothing more is to come; whoever waits for the next state is told that there is none. */
  close(): void {
    this.#lines.close()
  }
}

function failed(cause: unknown): never {
  if (!(cause instanceof LineFault)) throw cause
  if (cause.kind === 'unreadable')
    throw new ExecutorFailure('refused', `the executor’s answer breaks the protocol: ${cause.message}`, { cause })
  const message = cause.kind === 'silent' ? 'the executor has gone silent' : 'the executor’s answer was cut off'
  throw new ExecutorFailure('unreachable', message, { cause })
}
