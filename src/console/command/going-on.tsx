/** A command that goes on: its stages, how far it is, how fast, and for how long still. */
import type { Command, Standing } from '../api/types.ts'
import { formatDuration, formatSeconds } from '../interface/format.ts'
import { remainingSeconds } from './remaining.ts'
import { StageBox } from './stage-box.tsx'

const STAGES = [
  { stage: 'QUEUED', label: 'Waiting' },
  { stage: 'DOWNLOADING', label: 'Fetching inputs' },
  { stage: 'FFMPEG', label: 'FFmpeg' },
  { stage: 'UPLOADING', label: 'Storing outputs' },
] as const

/** A screen reader is told no smaller steps. */
const TOLD_PERCENT = 20

export function GoingOn({ command, standing }: { command: Command; standing: Standing | null }) {
  const stage = command.processing_stage ?? 'QUEUED'
  const at = STAGES.findIndex((entry) => entry.stage === stage)
  const percent = stage === 'FFMPEG' ? command.progress : stage === 'UPLOADING' ? 100 : null
  return (
    <section class="card going-on" aria-label="Progress">
      <StageBox command={command}>
        {stage === 'FFMPEG' || percent !== null ? (
          <p class="percent" aria-hidden="true">
            {/* Where the end is not known, what is written so far. */}
            {percent === null ? formatDuration(standing?.ffmpeg?.out_time_seconds ?? 0) : Math.floor(percent)}
            {percent !== null && <small>%</small>}
          </p>
        ) : (
          <p class="percent words" aria-hidden="true">
            {STAGES[at]?.label} …
          </p>
        )}
        <progress max={100} {...(percent !== null && { value: percent })} aria-label="FFmpeg’s progress" />
      </StageBox>
      <ol class="stages">
        {STAGES.map((entry, index) => (
          <li key={entry.stage} class={index < at ? 'past' : index === at ? 'now' : ''} aria-current={index === at ? 'step' : undefined}>
            {entry.label}
          </li>
        ))}
      </ol>
      <Facts command={command} standing={standing} />
      <p class="hidden" role="status">
        {STAGES[at]?.label}
        {percent !== null && `, ${Math.floor(percent / TOLD_PERCENT) * TOLD_PERCENT} per cent`}
      </p>
    </section>
  )
}

function Facts({ command, standing }: { command: Command; standing: Standing | null }) {
  const ffmpeg = standing?.ffmpeg ?? null
  const remaining = standing && command.processing_stage === 'FFMPEG' ? remainingSeconds(standing) : null
  const steps = command.original_request.ffmpeg_commands?.length ?? 1
  const facts = [
    { name: 'Speed', value: ffmpeg?.speed ? `${ffmpeg.speed.toFixed(ffmpeg.speed < 10 ? 2 : 0)}×` : null },
    { name: 'Remaining', value: remaining === null ? null : formatSeconds(remaining) },
    { name: 'Written', value: ffmpeg?.out_time_seconds ? formatDuration(ffmpeg.out_time_seconds) : null },
    { name: 'Frame', value: ffmpeg?.frame ? ffmpeg.frame.toLocaleString('en') : null },
    ...(steps > 1 ? [{ name: 'Step', value: ffmpeg ? `${ffmpeg.command} of ${steps}` : null }] : []),
    ...(command.queue_position !== null ? [{ name: 'Ahead in the queue', value: String(command.queue_position) }] : []),
  ]
  return (
    <dl class="facts">
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="number">{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}
