/** How a command's progress looks: one line that moves in a terminal, a line for each change elsewhere. */
import type { CommandView } from '../api/schemas.ts'

const BAR_WIDTH = 30
const ERASE_LINE = '\r\u001b[2K'

type Shown = Pick<CommandView, 'status' | 'processing_stage' | 'progress'>

export class ProgressLine {
  readonly #out: NodeJS.WriteStream
  #last = ''

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  show(command: Shown): void {
    const text = describeProgress(command, this.#out.isTTY ? BAR_WIDTH : 0)
    if (text === this.#last) return
    this.#last = text
    this.#out.write(this.#out.isTTY ? ERASE_LINE + text : `${text}\n`)
  }

  /** Leaves the last state standing. */
  end(): void {
    if (this.#out.isTTY && this.#last !== '') this.#out.write('\n')
  }
}

/** A command's state in one line, with a bar of `barWidth` characters where its progress is known. */
export function describeProgress(command: Shown, barWidth: number): string {
  const label = command.status === 'PROCESSING' && command.processing_stage ? `PROCESSING ${command.processing_stage}` : command.status
  const percent = command.status === 'SUCCESS' ? 100 : command.progress
  if (percent === null) return label
  const filled = Math.round((percent / 100) * barWidth)
  const bar = barWidth > 0 ? `[${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}] ` : ''
  return `${bar}${Math.floor(percent).toString().padStart(3)}% ${label}`
}
