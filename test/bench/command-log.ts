/** What the Worker's own log tells of the commands. */
import { waitUntil } from '../support/wait-until.ts'

interface Life {
  /** When it was first begun, in ms since the epoch; null before. */
  startedAt: number | null
  /** When it ended; null before. */
  endedAt: number | null
  /** How often an executor was given it. */
  attempts: number
}

export class CommandLog {
  readonly #lives = new Map<string, Life>()
  /** How often FFmpeg was begun, for all commands. */
  ffmpegRuns = 0

  /** Takes a line of the stack's log. */
  note(line: string): void {
    const [json] = /\{.*"event":"command\.state".*\}/.exec(line) ?? []
    if (json === undefined) return
    const { status, stage, attempt, command_id, time } = JSON.parse(json)
    const life = this.#lives.get(command_id) ?? { startedAt: null, endedAt: null, attempts: 0 }
    this.#lives.set(command_id, life)
    if (stage === 'FFMPEG') this.ffmpegRuns++
    if (status === 'PROCESSING') {
      life.startedAt ??= Date.parse(time)
      life.attempts = Math.max(life.attempts, attempt)
    }
    if (status === 'SUCCESS' || status === 'FAILED') life.endedAt = Date.parse(time)
  }

  /** How many commands were given to an executor more than once. */
  get repeated(): number {
    return [...this.#lives.values()].filter(({ attempts }) => attempts > 1).length
  }

  /** Of a command that has ended, or is about to: its line may come after the API's answer. */
  lifeOf(commandId: string): Promise<Life & { endedAt: number }> {
    return waitUntil(`the log tells the end of ${commandId}`, () => {
      const life = this.#lives.get(commandId)
      return life !== undefined && life.endedAt !== null && { ...life, endedAt: life.endedAt }
    })
  }
}
