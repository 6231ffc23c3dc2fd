import { describe, expect, test } from 'vitest'
import { newsSince } from '../../../src/command/news.ts'
import { type CommandState, INITIAL_STATE } from '../../../src/command/state.ts'
import type { Progress } from '../../../src/executor/protocol.ts'

const attempts = { attempt: 1, lostAttempts: 0, unavailableSince: null, startedAt: 0 }
const STATES: CommandState[] = [
  INITIAL_STATE,
  { status: 'PROCESSING', stage: 'DOWNLOADING', slot: 0, since: 0, received: {}, ...attempts },
  { status: 'PROCESSING', stage: 'FFMPEG', slot: 0, ...attempts },
  { status: 'PROCESSING', stage: 'UPLOADING', slot: 0, since: 0, ffmpegSeconds: 1, outputs: {}, stored: [], ...attempts },
  { status: 'PROCESSING', stage: 'QUEUED', retryAt: 0, ...attempts },
  { status: 'PROCESSING', stage: 'FFMPEG', slot: 0, ...attempts, attempt: 2 },
  { status: 'SUCCESS', startedAt: 0, endedAt: 1, ffmpegSeconds: 1, outputs: {} },
  { status: 'FAILED', startedAt: null, endedAt: 1, ffmpegSeconds: null, error: { status: 'CANCELLED', message: '' } },
]
const [, , running = INITIAL_STATE] = STATES
const progress = (more: Partial<Progress> = {}): Progress => ({
  percent: 1,
  step: 0,
  frame: 5,
  fps: 25,
  out_time_seconds: 0.2,
  speed: 1,
  ...more,
})

describe('the news', () => {
  test.each(STATES)('of $status $stage are how it stands for whoever has seen nothing', (state) => {
    expect(newsSince(null, state, null)).toMatchObject({ kind: /SUCCESS|FAILED/.test(state.status) ? 'end' : 'status' })
  })

  test('are none for whoever has seen the same', () => {
    for (const state of STATES) expect(newsSince(newsSince(null, state, null)?.mark ?? '', state, null)).toBeNull()
  })

  test('are there for whoever has seen anything else, and so no two states have one mark', () => {
    for (const state of STATES) {
      for (const other of STATES) {
        const seen = newsSince(null, other, null)?.mark ?? ''
        expect(newsSince(seen, state, null) === null).toBe(state === other)
      }
    }
  })

  test.each(['', 'nonsense', '/', 'SUCCESSFUL', '%00'])('are there for the mark %j, which nobody gave out', (seen) => {
    expect(newsSince(seen, running, null)).toMatchObject({ kind: 'status' })
  })
})

describe('progress', () => {
  const status = newsSince(null, running, progress())
  const first = newsSince(status?.mark ?? '', running, progress())

  test('is news after the stage is known, and only when it has come further', () => {
    expect(status?.kind).toBe('status')
    expect(first?.kind).toBe('progress')
    expect(newsSince(first?.mark ?? '', running, progress({ speed: 2, fps: 30 }))).toBeNull()
    for (const further of [{ out_time_seconds: 0.4 }, { frame: 6 }, { step: 1 }]) {
      expect(newsSince(first?.mark ?? '', running, progress(further))?.kind).toBe('progress')
    }
  })

  test('that is not known any more is no news', () => {
    expect(newsSince(first?.mark ?? '', running, null)).toBeNull()
  })

  test('of an earlier stage is none', () => {
    const [, , , uploading = INITIAL_STATE] = STATES
    expect(newsSince(newsSince(null, uploading, null)?.mark ?? '', uploading, progress())).toBeNull()
  })
})
