/** Why a command has failed, and what to do about it. */
import type { Command } from '../api/types.ts'
import { CodeBox } from '../interface/code-box.tsx'
import { Icon } from '../interface/icon.tsx'
import { StageBox } from './stage-box.tsx'

type ErrorStatus = NonNullable<Command['error_status']>

const REASONS: Record<ErrorStatus, { title: string; advice: string }> = {
  UNREACHABLE_INPUT_FILE: {
    title: 'An input could not be fetched',
    advice: 'Open its URL in a private window: it must answer without signing in.',
  },
  INPUT_TOO_LARGE: { title: 'An input is too large', advice: 'Give a smaller file, or raise the limit of your own service.' },
  FFMPEG_ERROR: { title: 'FFmpeg has refused', advice: 'Its own last lines are below; the whole log is further down.' },
  OUTPUT_MISSING: { title: 'An output was not made', advice: 'FFmpeg ended well, but did not write every file that was declared.' },
  OUTPUT_TOO_LARGE: { title: 'The outputs are too large', advice: 'Lower the bitrate or the size, or cut the input.' },
  TIMEOUT: { title: 'It took too long', advice: 'Give it a longer time limit under Options, or a faster preset such as -preset veryfast.' },
  CANCELLED: { title: 'Cancelled', advice: 'Somebody stopped it. Nothing of it is kept.' },
  EXECUTOR_LOST: { title: 'The machine was lost', advice: 'That was our fault, three times in a row. Run it again.' },
  INTERNAL_ERROR: {
    title: 'Something went wrong on our side',
    advice: 'Run it again; if that does not help, look into the service’s log.',
  },
}

/** @param watched whether somebody saw it go on in the place where this is now */
export function FailureReason({ command, watched }: { command: Command; watched: boolean }) {
  const { title, advice } = REASONS[command.error_status ?? 'INTERNAL_ERROR']
  const cancelled = command.error_status === 'CANCELLED'
  const headline = (
    <>
      <h2>
        <Icon name={cancelled ? 'cross' : 'alert'} />
        {title}
      </h2>
      <p>{advice}</p>
    </>
  )
  return (
    <section class={`card reason ${cancelled ? '' : 'bad'} ${watched ? 'watched' : ''}`} aria-label="Why it has failed">
      {watched ? <StageBox command={command}>{headline}</StageBox> : headline}
      {!cancelled && command.error_message !== null && <CodeBox label="The message" text={command.error_message} />}
    </section>
  )
}
