/** A command in the pieces that look different. Pure. */
import { placeholderAt } from '../../ffmpeg/placeholders.ts'

export interface Piece {
  kind: 'text' | 'program' | 'option' | 'input' | 'output' | 'alias'
  text: string
}

/** An option begins a word; `-` alone, and a number, are none. */
const OPTION_HERE = /-[A-Za-z_][\w:.-]*/y

/** The pieces in order; together they are the whole text. */
export function highlight(command: string): Piece[] {
  const pieces: Piece[] = []
  let plain = ''
  const add = (kind: Piece['kind'], text: string) => {
    if (plain !== '') pieces.push({ kind: 'text', text: plain })
    plain = ''
    pieces.push({ kind, text })
  }
  const program = /^\s*ffmpeg(?=\s|$)/.exec(command)?.[0] ?? ''
  if (program !== '') add('program', program)
  let position = program.length
  while (position < command.length) {
    const placeholder = placeholderAt(command, position)
    const startsWord = position === 0 || /\s/.test(command.charAt(position - 1))
    OPTION_HERE.lastIndex = position
    const option = startsWord ? OPTION_HERE.exec(command)?.[0] : undefined
    if (placeholder) {
      const { alias, length } = placeholder
      add(alias.startsWith('in_') ? 'input' : alias.startsWith('out_') ? 'output' : 'alias', command.slice(position, position + length))
      position += length
    } else if (option !== undefined) {
      add('option', option)
      position += option.length
    } else {
      plain += command.charAt(position)
      position += 1
    }
  }
  if (plain !== '') pieces.push({ kind: 'text', text: plain })
  return pieces
}
