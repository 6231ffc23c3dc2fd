import { describe, expect, it, test } from 'vitest'
import { mediaFacts } from '../../../src/ffmpeg/media.ts'
import { listingOf } from '../../../src/stored-file/record.ts'
import {
  FACTS_PATIENCE_MS,
  type FileEvent,
  type FileState,
  factsDueAt,
  initialState,
  MAX_PROBE_ATTEMPTS,
  transition,
  UPLOAD_PATIENCE_MS,
} from '../../../src/stored-file/state.ts'

const error = { status: 'UNREACHABLE_INPUT_FILE', message: 'why' } as const
const media = mediaFacts({}, 'a.mp4')
const stored = { status: 'STORED', storedAt: 10, sizeBytes: 7 } as const

const STATES = {
  uploading: { status: 'UPLOADING', expiresAt: 99 },
  fetching: { status: 'FETCHING', since: 1 },
  waiting: { ...stored, probe: { stage: 'WAITING', attempt: 1, retryAt: 10 } },
  running: { ...stored, probe: { stage: 'RUNNING', attempt: 2, slot: 0 } },
  overdue: { ...stored, probe: { stage: 'WAITING', attempt: 1, retryAt: 10 }, overdue: true },
  done: { ...stored, probe: { stage: 'DONE', media } },
  failed: { status: 'FAILED', failedAt: 10, error },
  deleted: { status: 'DELETED' },
} as const satisfies Record<string, FileState>

const EVENTS = {
  bytes_stored: { type: 'bytes_stored', sizeBytes: 7, now: 10 },
  failed: { type: 'failed', error, now: 10 },
  admitted: { type: 'admitted', slot: 3 },
  probed: { type: 'probed', attempt: 2, media },
  probed_late: { type: 'probed', attempt: 1, media },
  probe_lost: { type: 'probe_lost', attempt: 2, now: 20 },
  probe_lost_late: { type: 'probe_lost', attempt: 1, now: 20 },
  facts_overdue: { type: 'facts_overdue' },
  deleted: { type: 'deleted' },
} as const satisfies Record<string, FileEvent>

const firstWait = { ...stored, probe: { stage: 'WAITING', attempt: 0, retryAt: 10 } }
const { deleted } = STATES

/** What becomes of a state; an event that is not listed changes nothing. */
const TABLE: Record<keyof typeof STATES, Partial<Record<keyof typeof EVENTS, unknown>>> = {
  uploading: { bytes_stored: firstWait, deleted },
  fetching: { bytes_stored: firstWait, failed: STATES.failed, deleted },
  waiting: { admitted: { ...stored, probe: { stage: 'RUNNING', attempt: 2, slot: 3 } }, facts_overdue: STATES.overdue, deleted },
  running: {
    probed: STATES.done,
    probe_lost: { ...stored, probe: { stage: 'WAITING', attempt: 2, retryAt: 1020 } },
    facts_overdue: { ...STATES.running, overdue: true },
    deleted,
  },
  overdue: { admitted: { ...stored, probe: { stage: 'RUNNING', attempt: 2, slot: 3 }, overdue: true }, deleted },
  done: { deleted },
  failed: { deleted },
  deleted: {},
}

const pairs = (Object.keys(STATES) as (keyof typeof STATES)[]).flatMap((state) =>
  (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).map((event) => [state, event] as const),
)

test('a file begins by being fetched where it has a URL, and else waits for its bytes', () => {
  expect(initialState({ type: 'URL' }, 10)).toEqual({ status: 'FETCHING', since: 10 })
  for (const type of ['REQUEST', 'PARTS'] as const) {
    expect(initialState({ type }, 10)).toEqual({ status: 'UPLOADING', expiresAt: 10 + UPLOAD_PATIENCE_MS })
  }
})

const spec = { id: 'f', account: 'a', filename: 'a.mp4', source: { type: 'REQUEST' }, createdAt: 1 } as const

test.each([
  ['waiting', 'PROCESSING', null, 7],
  ['running', 'PROCESSING', null, 7],
  ['overdue', 'STORED', null, 7],
  ['done', 'STORED', media, 7],
  ['uploading', 'PROCESSING', null, null],
] as const)(
  'a file that is %s is told as %s, so that STORED means that its facts are there or overdue',
  (name, status, facts, sizeBytes) => {
    expect(listingOf({ spec, state: STATES[name] })).toMatchObject({ status, media: facts, sizeBytes })
  },
)

test('facts are overdue half a minute after the bytes are there, for as long as nobody has told of the file as stored', () => {
  const never = Number.POSITIVE_INFINITY
  const due = (['waiting', 'running', 'overdue', 'done', 'fetching'] as const).map((name) => factsDueAt(STATES[name]))
  expect(due).toEqual([10 + FACTS_PATIENCE_MS, 10 + FACTS_PATIENCE_MS, never, never, never])
})

describe('transition', () => {
  test.each(pairs)('of %s by %s', (state, event) => {
    const after = transition(STATES[state], EVENTS[event])
    const expected = TABLE[state][event]
    if (expected === undefined) expect(after).toBe(STATES[state])
    else expect(after).toEqual(expected)
  })

  it('gives up looking into a file after so many lost attempts, and the file stays stored', () => {
    let state: FileState = firstWait as FileState
    const pauses: number[] = []
    for (let attempt = 1; attempt <= MAX_PROBE_ATTEMPTS; attempt++) {
      state = transition(state, { type: 'admitted', slot: 0 })
      state = transition(state, { type: 'probe_lost', attempt, now: 0 })
      if (state.status === 'STORED' && state.probe.stage === 'WAITING') pauses.push(state.probe.retryAt)
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
    expect(state).toEqual({ ...stored, probe: { stage: 'DONE', media: null } })
  })
})
