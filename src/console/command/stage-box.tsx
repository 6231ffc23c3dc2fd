/** The place of the result while it is not there: as large as what will stand there, so that nothing moves when it comes. */
import type { ComponentChildren } from 'preact'
import type { Command } from '../api/types.ts'
import { commandName } from './name.ts'

const PICTURES = /\.(mp4|m4v|mov|webm|mkv|avi|gif|png|jpe?g|webp|avif|m3u8)\b/i

export function StageBox({ command, children }: { command: Command; children: ComponentChildren }) {
  return <div class={`stage-box ${PICTURES.test(commandName(command)) ? 'tall' : ''}`}>{children}</div>
}
