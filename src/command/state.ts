/**
 * The life of a command as one pure, total function.
 * What clients see (`status`) only moves forward; inside PROCESSING the stage steps back when an attempt is lost.
 */
import type { MediaFacts } from '../ffmpeg/media.ts'

/** How often an executor may be lost under a command before it fails. */
export const MAX_LOST_ATTEMPTS = 3
/**
 * How long a command waits for an executor, in milliseconds: one that should be there and is silent, one for which there is no room yet,
 * one that somebody has yet to start on this machine, who should soon be told, or one that is about to be replaced by a newer one.
 */
export const EXECUTOR_PATIENCE_MS = { unreachable: 15 * 60_000, no_room: 24 * 3_600_000, not_started: 10_000, too_old: 3_600_000 } as const

export type ErrorStatus =
  | 'UNREACHABLE_INPUT_FILE'
  | 'INPUT_TOO_LARGE'
  | 'FFMPEG_ERROR'
  | 'OUTPUT_MISSING'
  | 'OUTPUT_TOO_LARGE'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'EXECUTOR_LOST'
  | 'INTERNAL_ERROR'

export interface CommandError {
  status: ErrorStatus
  message: string
}

/** An output that FFmpeg has written; its file id is fresh in every attempt. */
export interface WrittenOutput {
  fileId: string
  filename: string
  /** Of what is stored: of all its files together where it is a playlist. */
  sizeBytes: number
  /** Set where it was made of several files: packed into a zip, or stored side by side under its file id. */
  bundle?: { kind: 'zip' | 'playlist'; fileCount: number; contentBytes: number }
  /** Set where the executor knew it when FFmpeg ended. */
  media?: MediaFacts
}

export interface StoredOutput extends WrittenOutput {
  media: MediaFacts
}

/** What an attempt has behind it, kept when the next one starts. */
interface Attempts {
  /** Number of the present or latest attempt, from 1. Whatever comes back for an older one is dropped. */
  attempt: number
  lostAttempts: number
  /** Since when no executor could be reached, in ms since the epoch. */
  unavailableSince: number | null
  /** When the command first left the queue, in ms since the epoch. */
  startedAt: number
}

interface Uploading {
  /** When it began, in ms since the epoch. */
  since: number
  ffmpegSeconds: number
  outputs: Record<string, WrittenOutput>
  /** Aliases of those that are in the bucket. */
  stored: readonly string[]
}

export type ProcessingState =
  /** Between two attempts: asks for a slot again at `retryAt` (ms since the epoch). */
  | ({ status: 'PROCESSING'; stage: 'QUEUED'; retryAt: number } & Attempts)
  | ({ status: 'PROCESSING'; stage: 'DOWNLOADING'; slot: number; since: number; received: Record<string, number> } & Attempts)
  | ({ status: 'PROCESSING'; stage: 'FFMPEG'; slot: number } & Attempts)
  | ({ status: 'PROCESSING'; stage: 'UPLOADING'; slot: number } & Uploading & Attempts)

export type TerminalState =
  | { status: 'SUCCESS'; startedAt: number; endedAt: number; ffmpegSeconds: number; outputs: Record<string, StoredOutput> }
  | { status: 'FAILED'; startedAt: number | null; endedAt: number; ffmpegSeconds: number | null; error: CommandError }

export type CommandState = { status: 'QUEUED' } | ProcessingState | TerminalState

export type CommandEvent =
  /** The account gave the command a slot. */
  | { type: 'admitted'; slot: number; now: number }
  /** One input is whole at the executor. */
  | { type: 'input_received'; attempt: number; alias: string; bytes: number }
  /** The executor took the job. */
  | { type: 'run_accepted'; attempt: number }
  /** FFmpeg is done and its outputs can be fetched. */
  | { type: 'ffmpeg_ended'; attempt: number; ffmpegSeconds: number; outputs: Record<string, WrittenOutput>; now: number }
  /** One output is in R2, and others are on their way. */
  | { type: 'output_stored'; attempt: number; alias: string }
  /** Every output is in R2. */
  | { type: 'outputs_stored'; attempt: number; outputs: Record<string, StoredOutput>; now: number }
  /** The fault is the caller's, or ours beyond repair. */
  | { type: 'failed'; attempt: number; error: CommandError; ffmpegSeconds: number | null; now: number }
  /** The executor forgot the job or went away with it. */
  | { type: 'attempt_lost'; attempt: number; reason: string; now: number }
  /** No executor answered, so nothing was begun. */
  | { type: 'executor_unavailable'; attempt: number; cause: keyof typeof EXECUTOR_PATIENCE_MS; reason: string; now: number }
  | { type: 'cancelled'; now: number }

/** A state as it may have been stored before a deployment: uploads did not always say when they began, and which were done. */
export type StoredState =
  | CommandState
  | ({ status: 'PROCESSING'; stage: 'UPLOADING'; slot: number } & Omit<Uploading, 'since' | 'stored'> & Attempts)

/** The state in its present form. Uploads that were under way have all of their time from `now` on, in ms since the epoch. */
export function upToDate(state: StoredState, now: number): CommandState {
  if (state.status !== 'PROCESSING' || state.stage !== 'UPLOADING' || 'stored' in state) return state
  return { ...state, since: now, stored: [] }
}

export const INITIAL_STATE = { status: 'QUEUED' } as const satisfies CommandState

export function isTerminal(state: CommandState): state is TerminalState {
  return state.status === 'SUCCESS' || state.status === 'FAILED'
}

/**
 * The state after `event`. An event that does not apply (a late one of an older attempt, anything after the end)
 * gives back the very same object, so `transition(s, e) === s` tells that nothing happened.
 */
export function transition(state: CommandState, event: CommandEvent): CommandState {
  if (isTerminal(state)) return state
  if ('attempt' in event && (state.status !== 'PROCESSING' || state.stage === 'QUEUED' || event.attempt !== state.attempt)) return state

  switch (event.type) {
    case 'admitted':
      return admit(state, event.slot, event.now)
    case 'input_received':
      if (state.status !== 'PROCESSING' || state.stage !== 'DOWNLOADING') return state
      return { ...state, received: { ...state.received, [event.alias]: event.bytes } }
    case 'run_accepted':
      if (state.status !== 'PROCESSING' || state.stage !== 'DOWNLOADING') return state
      return { status: 'PROCESSING', stage: 'FFMPEG', slot: state.slot, ...attemptsOf(state), unavailableSince: null }
    case 'ffmpeg_ended':
      if (state.status !== 'PROCESSING' || state.stage !== 'FFMPEG') return state
      return {
        status: 'PROCESSING',
        stage: 'UPLOADING',
        slot: state.slot,
        since: event.now,
        ffmpegSeconds: event.ffmpegSeconds,
        outputs: event.outputs,
        stored: [],
        ...attemptsOf(state),
      }
    case 'output_stored':
      if (state.status !== 'PROCESSING' || state.stage !== 'UPLOADING' || state.stored.includes(event.alias)) return state
      return { ...state, stored: [...state.stored, event.alias] }
    case 'outputs_stored':
      if (state.status !== 'PROCESSING' || state.stage !== 'UPLOADING') return state
      return {
        status: 'SUCCESS',
        startedAt: state.startedAt,
        endedAt: event.now,
        ffmpegSeconds: state.ffmpegSeconds,
        outputs: event.outputs,
      }
    case 'failed':
      return fail(state, event.error, event.ffmpegSeconds, event.now)
    case 'attempt_lost':
      return loseAttempt(state, event.reason, event.now)
    case 'executor_unavailable':
      return awaitExecutor(state, event)
    case 'cancelled':
      return fail(state, { status: 'CANCELLED', message: 'the command was cancelled' }, null, event.now)
    default:
      return event satisfies never
  }
}

function attemptsOf(state: ProcessingState): Attempts {
  const { attempt, lostAttempts, unavailableSince, startedAt } = state
  return { attempt, lostAttempts, unavailableSince, startedAt }
}

function admit(state: { status: 'QUEUED' } | ProcessingState, slot: number, now: number): CommandState {
  if (state.status === 'QUEUED') {
    const first: Attempts = { attempt: 1, lostAttempts: 0, unavailableSince: null, startedAt: now }
    return { status: 'PROCESSING', stage: 'DOWNLOADING', slot, since: now, received: {}, ...first }
  }
  if (state.stage !== 'QUEUED') return state
  return { status: 'PROCESSING', stage: 'DOWNLOADING', slot, since: now, received: {}, ...attemptsOf(state), attempt: state.attempt + 1 }
}

function fail(
  state: { status: 'QUEUED' } | ProcessingState,
  error: CommandError,
  ffmpegSeconds: number | null,
  now: number,
): TerminalState {
  const known = state.status === 'PROCESSING' && state.stage === 'UPLOADING' ? state.ffmpegSeconds : null
  return {
    status: 'FAILED',
    startedAt: state.status === 'PROCESSING' ? state.startedAt : null,
    endedAt: now,
    ffmpegSeconds: ffmpegSeconds ?? known,
    error,
  }
}

function loseAttempt(state: { status: 'QUEUED' } | ProcessingState, reason: string, now: number): CommandState {
  if (state.status !== 'PROCESSING') return state
  const lostAttempts = state.lostAttempts + 1
  if (lostAttempts >= MAX_LOST_ATTEMPTS) {
    const message = `the executor was lost ${lostAttempts} times while it worked on this command (${reason}); submit it again`
    return fail(state, { status: 'EXECUTOR_LOST', message }, null, now)
  }
  const pauseMs = 250 * 4 ** (lostAttempts - 1)
  return { status: 'PROCESSING', stage: 'QUEUED', retryAt: now + pauseMs, ...attemptsOf(state), lostAttempts }
}

function awaitExecutor(
  state: { status: 'QUEUED' } | ProcessingState,
  { cause, reason, now }: Extract<CommandEvent, { type: 'executor_unavailable' }>,
): CommandState {
  if (state.status !== 'PROCESSING') return state
  const since = state.unavailableSince ?? now
  const waitedMs = now - since
  if (waitedMs >= EXECUTOR_PATIENCE_MS[cause]) {
    const message = `no executor could be reached for ${Math.round(waitedMs / 1000)} seconds (${reason}); submit the command again later`
    return fail(state, { status: 'EXECUTOR_LOST', message }, null, now)
  }
  // The pause grows with the wait, so that a restart is noticed quickly and an outage is not hammered.
  const pauseMs = Math.min(15_000, Math.max(500, waitedMs / 2))
  return { status: 'PROCESSING', stage: 'QUEUED', retryAt: now + pauseMs, ...attemptsOf(state), unavailableSince: since }
}
