/**
 * Folders with an FFmpeg that was started before its job is there. Who sends one command tends to send it again with other inputs:
 * after the same command has run twice, the third one finds FFmpeg waiting for it.
 */
import { isDeepStrictEqual } from 'node:util'
import { Ffmpeg, type FfmpegCommand } from './ffmpeg.ts'
import { createWorkspace, type Toolbox } from './toolbox.ts'
import type { Workspace } from './workspace.ts'

/** A spare that nobody has wanted for so long takes memory for nothing. */
const IDLE_MS = 5 * 60_000

export interface Spare {
  workspace: Workspace
  ffmpeg: Ffmpeg
}

export class Spares {
  readonly #toolbox: Toolbox
  readonly #max: number
  readonly #ready: Spare[] = []
  #latest: FfmpegCommand | null = null
  #isRepeated = false
  #starting = 0
  #closed = false
  #expiry: NodeJS.Timeout | null = null

  /** @param max how many may wait at once; more than can run at once are of no use */
  constructor(toolbox: Toolbox, max: number) {
    this.#toolbox = toolbox
    this.#max = max
  }

  /** A job begins with this command. */
  note(command: FfmpegCommand): void {
    this.#isRepeated = command.program === 'ffmpeg' && isDeepStrictEqual(command, this.#latest)
    this.#latest = command
  }

  /** A job has run its commands, so that there is time to make a spare for the next one, if it is likely to be wanted. */
  async add(): Promise<void> {
    const command = this.#latest
    if (this.#closed || !this.#isRepeated || command === null || this.#ready.length + this.#starting >= this.#max) return
    this.#starting++
    try {
      const spare = await this.#start(command)
      if (spare === null) return
      this.#ready.push(spare)
      this.#expiry ??= setTimeout(() => void this.#clear(), IDLE_MS).unref()
      this.#expiry.refresh()
      if (this.#closed) await this.#clear()
    } finally {
      this.#starting--
    }
  }

  async #start(command: FfmpegCommand): Promise<Spare | null> {
    const workspace = await createWorkspace(this.#toolbox, 'spare')
    let ffmpeg: Ffmpeg | null = null
    try {
      ffmpeg = await Ffmpeg.prepare(this.#toolbox, workspace, command)
    } finally {
      if (ffmpeg === null) await workspace.remove()
    }
    return ffmpeg && { workspace, ffmpeg }
  }

  /** Hands one over; null where there is none. */
  take(): Spare | null {
    return this.#ready.shift() ?? null
  }

  /** Ends those there are. There will be no more. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#clear()
  }

  async #clear(): Promise<void> {
    await Promise.all(
      this.#ready.splice(0).map(async ({ workspace, ffmpeg }) => {
        await ffmpeg.discard()
        await workspace.remove()
      }),
    )
  }
}
