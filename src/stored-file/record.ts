/** What a stored file is, apart from its state, and how others read it. */
import type { MediaFacts } from '../ffmpeg/media.ts'
import { fileKey } from '../files/key.ts'
import { type FileError, type FileState, isSettled } from './state.ts'

export type FileSource =
  /** The body of one request. */
  | { type: 'REQUEST' }
  /** One request for each part; all but the last have `partBytes`. */
  | { type: 'PARTS'; sizeBytes: number; partBytes: number }
  | { type: 'URL'; url: string }

/** Fixed when the file is first heard of. */
export interface FileSpec {
  id: string
  account: string
  filename: string
  source: FileSource
  /** Milliseconds since the epoch. */
  createdAt: number
}

export interface FileRecord {
  spec: FileSpec
  state: FileState
}

/** A file as others read it, and as an account's list knows it: a stored one, or an output of a command. */
export interface FileListing {
  id: string
  account: string
  storeType: 'OUTPUT' | 'STORED_FILE' | 'UPLOAD'
  /** Whose output it is. */
  commandId: string | null
  filename: string
  /** Where it was fetched from. */
  originalUrl: string | null
  createdAt: number
  status: 'PROCESSING' | 'STORED' | 'FAILED'
  sizeBytes: number | null
  /** Null as long as nobody has looked into it. */
  media: MediaFacts | null
  error: FileError | null
}

/** Null for a file that nobody may see any more. */
export function listingOf({ spec, state }: FileRecord): FileListing | null {
  const { id, account, filename, source, createdAt } = spec
  const common = {
    id,
    account,
    storeType: source.type === 'URL' ? ('STORED_FILE' as const) : ('UPLOAD' as const),
    commandId: null,
    filename,
    originalUrl: source.type === 'URL' ? source.url : null,
    createdAt,
    sizeBytes: null,
    media: null,
    error: null,
  }
  switch (state.status) {
    case 'UPLOADING':
    case 'FETCHING':
      return { ...common, status: 'PROCESSING' }
    case 'STORED':
      return {
        ...common,
        status: isSettled(state) ? 'STORED' : 'PROCESSING',
        sizeBytes: state.sizeBytes,
        media: state.probe.stage === 'DONE' ? state.probe.media : null,
      }
    case 'FAILED':
      return { ...common, status: 'FAILED', error: state.error }
    case 'DELETED':
      return null
    default:
      return state satisfies never
  }
}

/** Where the bytes are in the bucket. */
export function bucketKey(spec: FileSpec): string {
  return fileKey(spec.account, spec.id, spec.filename)
}
