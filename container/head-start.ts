/** The FFmpeg of a job's first command, started before the job's inputs are there. It saves time and nothing else: no fault of it is the job's. */
import { isDeepStrictEqual } from 'node:util'
import { Ffmpeg, type FfmpegCommand } from './ffmpeg.ts'
import type { Toolbox } from './toolbox.ts'
import type { Workspace } from './workspace.ts'

export class HeadStart {
  readonly #toolbox: Toolbox
  readonly #workspace: Workspace
  /** What is under way; each step begins when the one before is done. Never rejects. */
  #ffmpeg: Promise<Ffmpeg | null>
  #discarded = false

  /** @param spare one that was started in this workspace before the job was there */
  constructor(toolbox: Toolbox, workspace: Workspace, spare: Ffmpeg | null) {
    this.#toolbox = toolbox
    this.#workspace = workspace
    this.#ffmpeg = Promise.resolve(spare)
  }

  /** Starts an FFmpeg for the command, unless one waits for it already. */
  async prepare(command: FfmpegCommand): Promise<void> {
    this.#ffmpeg = this.#fitting(command).then((present) => {
      if (present !== null || this.#discarded) return present
      return Ffmpeg.prepare(this.#toolbox, this.#workspace, command).catch(() => null)
    })
    await this.#ffmpeg
  }

  /** Hands over the FFmpeg that waits for this command; null where there is none. */
  take(command: FfmpegCommand): Promise<Ffmpeg | null> {
    const fitting = this.#fitting(command)
    this.#ffmpeg = Promise.resolve(null)
    return fitting
  }

  /** Ends the one that waits. None is started from then on. */
  async discard(): Promise<void> {
    this.#discarded = true
    await (await this.#ffmpeg)?.discard()
  }

  async #fitting(command: FfmpegCommand): Promise<Ffmpeg | null> {
    const present = await this.#ffmpeg
    // One that has not waited, as FFmpeg refuses its arguments or the system has killed it, has told nobody why.
    if (present === null || (isDeepStrictEqual(present.command, command) && !present.process.hasExited)) return present
    await present.discard()
    return null
  }
}
