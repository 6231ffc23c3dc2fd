/**
 * The life of a stored file as one pure, total function.
 * Its bytes come first, by the client's requests or from a URL; what is in them is found out when they are there.
 */
import type { MediaFacts } from '../ffmpeg/media.ts'
import type { FileSource } from './record.ts'

/** How often an executor is asked to look into a file before it stays unknown what is in it. */
export const MAX_PROBE_ATTEMPTS = 12
const LONGEST_PAUSE_MS = 60_000

/** How long an upload may take to become complete. */
export const UPLOAD_PATIENCE_MS = 24 * 3600 * 1000

/** How long a file whose bytes are there is told as PROCESSING while nobody knows what is in it: much longer than it takes where an executor is free. */
export const FACTS_PATIENCE_MS = 30_000

export interface FileError {
  status: 'UNREACHABLE_INPUT_FILE' | 'INPUT_TOO_LARGE' | 'INTERNAL_ERROR'
  message: string
}

export type Probe =
  /** Asks for an executor from `retryAt` (ms since the epoch) on; `attempt` is the number of the latest attempt, 0 before the first. */
  | { stage: 'WAITING'; attempt: number; retryAt: number }
  | { stage: 'RUNNING'; attempt: number; slot: number }
  /** `media` is null when nothing could be found out. */
  | { stage: 'DONE'; media: MediaFacts | null }

export type FileState =
  /** The client sends the bytes; what is not complete at `expiresAt` (ms since the epoch) is given up. */
  | { status: 'UPLOADING'; expiresAt: number }
  /** The bytes come from a URL. */
  | { status: 'FETCHING'; since: number }
  /** The bytes are there. It is told as stored once it is known what is in it, or it is `overdue`. */
  | { status: 'STORED'; storedAt: number; sizeBytes: number; probe: Probe; overdue?: true }
  | { status: 'FAILED'; failedAt: number; error: FileError }
  /** Nobody sees it any more, and what is left of it is being removed. */
  | { status: 'DELETED' }

export type At<Status extends FileState['status']> = Extract<FileState, { status: Status }>

export type FileEvent =
  /** The whole file is in the bucket. */
  | { type: 'bytes_stored'; sizeBytes: number; now: number }
  /** The bytes cannot be had. */
  | { type: 'failed'; error: FileError; now: number }
  /** The account gave the file a slot, and with it an executor. */
  | { type: 'admitted'; slot: number }
  /** An executor has looked into the file; `media` is null when it refuses to. */
  | { type: 'probed'; attempt: number; media: MediaFacts | null }
  /** The executor could not be reached, or went away. */
  | { type: 'probe_lost'; attempt: number; now: number }
  /** Whoever waits for the file has waited for long enough. */
  | { type: 'facts_overdue' }
  | { type: 'deleted' }

/** How a file begins: its bytes come from a URL, or from the client. */
export function initialState({ type }: Pick<FileSource, 'type'>, now: number): FileState {
  return type === 'URL' ? { status: 'FETCHING', since: now } : { status: 'UPLOADING', expiresAt: now + UPLOAD_PATIENCE_MS }
}

/** The state after `event`; the very same object where the event does not apply. */
export function transition(state: FileState, event: FileEvent): FileState {
  switch (event.type) {
    case 'bytes_stored':
      if (state.status !== 'UPLOADING' && state.status !== 'FETCHING') return state
      return {
        status: 'STORED',
        storedAt: event.now,
        sizeBytes: event.sizeBytes,
        probe: { stage: 'WAITING', attempt: 0, retryAt: event.now },
      }
    case 'failed':
      return state.status === 'FETCHING' ? { status: 'FAILED', failedAt: event.now, error: event.error } : state
    case 'admitted':
      if (state.status !== 'STORED' || state.probe.stage !== 'WAITING') return state
      return { ...state, probe: { stage: 'RUNNING', attempt: state.probe.attempt + 1, slot: event.slot } }
    case 'probed':
      if (!isProbing(state, event.attempt)) return state
      return { ...state, probe: { stage: 'DONE', media: event.media } }
    case 'probe_lost':
      if (!isProbing(state, event.attempt)) return state
      return { ...state, probe: afterLoss(event.attempt, event.now) }
    case 'facts_overdue':
      return state.status === 'STORED' && !isSettled(state) ? { ...state, overdue: true } : state
    case 'deleted':
      return state.status === 'DELETED' ? state : { status: 'DELETED' }
    default:
      return event satisfies never
  }
}

/** Whether a file whose bytes are there is told as stored. */
export function isSettled({ probe, overdue }: At<'STORED'>): boolean {
  return probe.stage === 'DONE' || overdue === true
}

/** When the facts about the file are overdue, in ms since the epoch; infinite where nobody waits for them. */
export function factsDueAt(state: FileState): number {
  return state.status === 'STORED' && !isSettled(state) ? state.storedAt + FACTS_PATIENCE_MS : Number.POSITIVE_INFINITY
}

function isProbing(state: FileState, attempt: number): state is At<'STORED'> {
  return state.status === 'STORED' && state.probe.stage === 'RUNNING' && state.probe.attempt === attempt
}

/** The pause doubles from half a second, so that a restart costs little and an outage is not hammered. */
function afterLoss(attempt: number, now: number): Probe {
  if (attempt >= MAX_PROBE_ATTEMPTS) return { stage: 'DONE', media: null }
  return { stage: 'WAITING', attempt, retryAt: now + Math.min(LONGEST_PAUSE_MS, 250 * 2 ** attempt) }
}
