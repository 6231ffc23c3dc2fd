import { describe, expect, test } from 'vitest'
import {
  type CommandEvent,
  type CommandState,
  EXECUTOR_PATIENCE_MS,
  INITIAL_STATE,
  isTerminal,
  MAX_LOST_ATTEMPTS,
  transition,
  upToDate,
} from '../../../src/command/state.ts'

const NOW = 1_000_000
const attempts = { attempt: 2, lostAttempts: 1, unavailableSince: null, startedAt: 500 }
const written = { out_a: { fileId: 'f1', filename: 'a.mp4', sizeBytes: 10 } }
const media = {
  duration: 1,
  file_type: 'video',
  file_format: 'mp4',
  codec: 'h264',
  pixel_format: 'yuv420p',
  mime_type: 'video/mp4',
  width: 2,
  height: 2,
  frame_rate: 25,
  bitrate_video_kb: 1,
  bitrate_audio_kb: null,
  rotation: 0,
  sample_rate: null,
  channels: null,
} as const
const stored = { out_a: { ...written.out_a, media } }

const STATES = {
  queued: INITIAL_STATE,
  between_attempts: { status: 'PROCESSING', stage: 'QUEUED', retryAt: NOW, ...attempts },
  downloading: { status: 'PROCESSING', stage: 'DOWNLOADING', slot: 3, since: NOW, received: {}, ...attempts },
  ffmpeg: { status: 'PROCESSING', stage: 'FFMPEG', slot: 3, ...attempts },
  uploading: { status: 'PROCESSING', stage: 'UPLOADING', slot: 3, since: NOW, ffmpegSeconds: 4, outputs: written, stored: [], ...attempts },
  success: { status: 'SUCCESS', startedAt: 500, endedAt: 900, ffmpegSeconds: 4, outputs: stored },
  failed: { status: 'FAILED', startedAt: 500, endedAt: 900, ffmpegSeconds: null, error: { status: 'TIMEOUT', message: '' } },
} satisfies Record<string, CommandState>
type StateName = keyof typeof STATES

const error = { status: 'FFMPEG_ERROR', message: 'bad' } as const
const eventsOf = (attempt: number) =>
  ({
    admitted: { type: 'admitted', slot: 7, now: NOW },
    input_received: { type: 'input_received', attempt, alias: 'in_a', bytes: 5 },
    run_accepted: { type: 'run_accepted', attempt },
    ffmpeg_ended: { type: 'ffmpeg_ended', attempt, ffmpegSeconds: 4, outputs: written, now: NOW },
    output_stored: { type: 'output_stored', attempt, alias: 'out_a' },
    outputs_stored: { type: 'outputs_stored', attempt, outputs: stored, now: NOW },
    failed: { type: 'failed', attempt, error, ffmpegSeconds: 6, now: NOW },
    attempt_lost: { type: 'attempt_lost', attempt, reason: 'gone', now: NOW },
    executor_unavailable: { type: 'executor_unavailable', attempt, cause: 'unreachable', reason: 'silent', now: NOW },
    cancelled: { type: 'cancelled', now: NOW },
  }) satisfies Record<CommandEvent['type'], CommandEvent>
type EventName = CommandEvent['type']

/** Where each event leads from each state; what is not here changes nothing. */
const LEADS_TO: Partial<Record<StateName, Partial<Record<EventName, string>>>> = {
  queued: { admitted: 'PROCESSING/DOWNLOADING', cancelled: 'FAILED' },
  between_attempts: { admitted: 'PROCESSING/DOWNLOADING', cancelled: 'FAILED' },
  downloading: {
    input_received: 'PROCESSING/DOWNLOADING',
    run_accepted: 'PROCESSING/FFMPEG',
    failed: 'FAILED',
    attempt_lost: 'PROCESSING/QUEUED',
    executor_unavailable: 'PROCESSING/QUEUED',
    cancelled: 'FAILED',
  },
  ffmpeg: {
    ffmpeg_ended: 'PROCESSING/UPLOADING',
    failed: 'FAILED',
    attempt_lost: 'PROCESSING/QUEUED',
    executor_unavailable: 'PROCESSING/QUEUED',
    cancelled: 'FAILED',
  },
  uploading: {
    output_stored: 'PROCESSING/UPLOADING',
    outputs_stored: 'SUCCESS',
    failed: 'FAILED',
    attempt_lost: 'PROCESSING/QUEUED',
    executor_unavailable: 'PROCESSING/QUEUED',
    cancelled: 'FAILED',
  },
}

const nameOf = (state: CommandState) => (state.status === 'PROCESSING' ? `PROCESSING/${state.stage}` : state.status)
const table = Object.entries(STATES).flatMap(([stateName, state]) =>
  Object.entries(eventsOf(attempts.attempt)).map(([eventName, event]) => {
    const expected = LEADS_TO[stateName as StateName]?.[eventName as EventName] ?? 'unchanged'
    return { stateName, eventName, state, event, expected }
  }),
)

test.each(table)('$stateName, $eventName → $expected', ({ state, event, expected }) => {
  const after = transition(state, event)
  if (expected === 'unchanged') expect(after).toBe(state)
  else expect(nameOf(after)).toBe(expected)
})

test.each(table.filter(({ event }) => 'attempt' in event))(
  '$stateName: $eventName of an older attempt is dropped',
  ({ state, eventName }) => {
    expect(transition(state, eventsOf(1)[eventName as EventName])).toBe(state)
  },
)

test('a status never moves back, whatever comes in whatever order', () => {
  const rank = { QUEUED: 0, PROCESSING: 1, SUCCESS: 2, FAILED: 2 }
  for (const { state, event } of table) expect(rank[transition(state, event).status]).toBeGreaterThanOrEqual(rank[state.status])
})

describe('attempts', () => {
  test('each admission after the first is a new attempt, with nothing received yet', () => {
    const again = transition(STATES.between_attempts, { type: 'admitted', slot: 1, now: NOW })
    expect(again).toMatchObject({ attempt: 3, slot: 1, received: {}, startedAt: 500 })
  })

  test(`the ${MAX_LOST_ATTEMPTS}rd loss ends the command, and says why`, () => {
    const last = { ...STATES.ffmpeg, lostAttempts: MAX_LOST_ATTEMPTS - 1 }
    const after = transition(last, { type: 'attempt_lost', attempt: 2, reason: 'it was restarted', now: NOW })
    expect(after).toMatchObject({ status: 'FAILED', error: { status: 'EXECUTOR_LOST', message: expect.stringContaining('restarted') } })
  })

  test.each(['unreachable', 'no_room', 'not_started', 'too_old'] as const)(
    'an executor that is %s costs no attempt, until patience ends',
    (cause) => {
      const patience = EXECUTOR_PATIENCE_MS[cause]
      const unavailable = (now: number) => ({ type: 'executor_unavailable', attempt: 2, cause, reason: 'silent', now }) as const
      const first = transition(STATES.downloading, unavailable(NOW))
      expect(first).toMatchObject({ stage: 'QUEUED', lostAttempts: 1, unavailableSince: NOW })
      const waiting = { ...STATES.downloading, unavailableSince: NOW }
      expect(transition(waiting, unavailable(NOW + patience - 1))).toMatchObject({ status: 'PROCESSING' })
      expect(transition(waiting, unavailable(NOW + patience))).toMatchObject({ status: 'FAILED', error: { status: 'EXECUTOR_LOST' } })
    },
  )

  test('room for one more container is waited for longer than the longest command runs, and asked for every few seconds', () => {
    const waiting = { ...STATES.downloading, unavailableSince: NOW }
    const now = NOW + 3 * 3_600_000
    const after = transition(waiting, { type: 'executor_unavailable', attempt: 2, cause: 'no_room', reason: 'full', now })
    expect(after).toMatchObject({ stage: 'QUEUED', retryAt: now + 15_000 })
  })

  test('an executor that takes the job is available again', () => {
    const after = transition({ ...STATES.downloading, unavailableSince: NOW }, { type: 'run_accepted', attempt: 2 })
    expect(after).toMatchObject({ stage: 'FFMPEG', unavailableSince: null })
  })
})

test('an output that is stored is noted once, and the time since which they are is kept', () => {
  const begun = transition(STATES.ffmpeg, eventsOf(2).ffmpeg_ended)
  expect(begun).toMatchObject({ since: NOW, stored: [] })
  const after = transition(begun, eventsOf(2).output_stored)
  expect(after).toMatchObject({ since: NOW, stored: ['out_a'] })
  expect(transition(after, eventsOf(2).output_stored)).toBe(after)
})

test('uploads that were under way at a deployment have all of their time from then on, and every other state stays as it is', () => {
  const before = { status: 'PROCESSING', stage: 'UPLOADING', slot: 3, ffmpegSeconds: 4, outputs: written, ...attempts } as const
  expect(upToDate(before, NOW)).toEqual(STATES.uploading)
  for (const state of Object.values(STATES)) expect(upToDate(state, NOW + 1)).toBe(state)
})

test('a failure after FFmpeg keeps how long FFmpeg ran', () => {
  const after = transition(STATES.uploading, { type: 'failed', attempt: 2, error, ffmpegSeconds: null, now: NOW })
  expect(after).toMatchObject({ ffmpegSeconds: 4, startedAt: 500, endedAt: NOW })
})

test('SUCCESS and FAILED are the states that absorb everything', () => {
  expect(Object.values(STATES).filter(isTerminal).map(nameOf)).toEqual(['SUCCESS', 'FAILED'])
})
