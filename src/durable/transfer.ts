/**
 * Brings a file from wherever it is to wherever it is wanted, in pieces of bounded size: retried, gone on with where it was cut, in the same alarm
 * or in a later one, and held to a pace. Where the bytes come from and go to are interfaces, of which the URLs, the bucket and the executor
 * are the first.
 */
import { type Budget, OutOfBudget, spend } from './budget.ts'
import { type Pace, watchPace } from './pace.ts'
import type { Piece, PlacedPiece } from './piece.ts'

/** A cut or failed transfer is begun again so often in one alarm. */
const RETRIES = 3
const RETRY_PAUSE_MS = 500
/** What is over sooner is not worth a row in the storage, in milliseconds. */
const KEPT_AFTER_MS = 1_000

/** What tells whether a source still has the file that bytes came from. */
export interface SeenSource {
  /** By which the source goes on with this very file; null where it cannot. */
  validator: string | null
  /** Of the whole file; null where the source has not told. */
  totalBytes: number | null
}

/** What is kept of a transfer from one alarm to the next. How many bytes there are is for the target to say. */
export interface TransferProgress {
  seen: SeenSource
  /** How many alarms have ended in the middle of it. */
  cuts: number
}

export interface KeptTransfer {
  /** Null before the source was first opened. */
  read(): TransferProgress | null
  write(progress: TransferProgress): void
}

/** Where to go on with a file, and by what it is known to be the same one. */
export interface ResumePoint {
  offset: number
  validator: string
  totalBytes: number
}

export interface OpenSource extends SeenSource {
  /** First byte that it gives: the one that was asked for, or 0 where it begins anew. */
  offset: number
  /** Position of the last byte that was seen passing, as `offset`; null where they pass unseen. */
  readonly position: number | null
  /** The next bytes, `maxBytes` at most; null when nothing is left. Asked for when the ones before were consumed. */
  next(maxBytes: number): Promise<Piece | null>
  /** Whether it is the source itself that has failed; false where nobody has seen it. */
  readonly isBroken: boolean
  /** Lets go of it. Never rejects. */
  close(): Promise<void>
}

export interface TransferSource {
  /** What messages call it: a host, or a file of ours. */
  name: string
  /** Opens it from `resume` on where it still is the same file, else from its beginning. Throws a SourceFailure. */
  open(resume: ResumePoint | null, signal: AbortSignal): Promise<OpenSource>
}

/** Where the bytes go. */
export interface TransferTarget {
  /** The most that one piece may have, in bytes. */
  pieceBytes: number
  /**
   * Takes a piece; one at 0 begins the file anew. Answers the bytes that are there then.
   * @param keep to be called where a part of the piece is there for good before all of it is
   */
  put(piece: PlacedPiece, signal: AbortSignal, keep: () => void): Promise<number>
  /** Forgets what is there. */
  clear(): Promise<void>
  /** The bytes that are there, from which a transfer may go on; null when there is nothing. */
  size(): Promise<number | null>
  /** Whose fault an error of `put` is, as far as is known. Throws OutOfBudget where there is nothing left to find out with. */
  blame(error: unknown, piece: PlacedPiece): Promise<'source' | 'target' | 'too_large'>
}

export interface TransferRules {
  maxBytes: number
  /** Null for a source that nobody has to hold to one. */
  pace: Pace | null
  budget: Pick<Budget, 'take' | 'signal'>
  /** Ends the transfer for good, where the budget only ends this alarm's share of it. */
  signal: AbortSignal
}

/** Why a source could not be opened, or read to its end. The message names it, never a URL's query or credentials. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure'
  /** Whether the same may succeed a little later. */
  readonly retryable: boolean

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options)
    this.retryable = retryable
  }
}

/** The file cannot be had, for which its source is to blame. The message is the rest of a sentence that begins with the file. */
export class TransferFailure extends Error {
  override readonly name = 'TransferFailure'
  readonly fault: 'unreachable' | 'too_large'

  constructor(fault: 'unreachable' | 'too_large', message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** Says that a file has more than `maxBytes`. */
export function tooLarge(maxBytes: number, options?: ErrorOptions): TransferFailure {
  return new TransferFailure('too_large', `is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB`, options)
}

/** One time that the source was opened. */
interface Start {
  at: number
  source: OpenSource
  /** Whether it was to go on with what is there, and began anew although it is the same file. */
  refused: boolean
  /** Records that the bytes which are there are from this source. */
  keep: () => void
}

/**
 * Transfers the file, or goes on with it.
 * @returns its size in bytes; null where the budget came to its end before: the next call goes on
 * @throws TransferFailure when the source is at fault, and what the target threw when it is not
 */
export async function transfer(
  source: TransferSource,
  target: TransferTarget,
  kept: KeptTransfer,
  rules: TransferRules,
): Promise<number | null> {
  const { budget } = rules
  const signal = AbortSignal.any([rules.signal, budget.signal])
  for (let attempt = 0; ; attempt++) {
    rules.signal.throwIfAborted()
    let start: Start | null = null
    try {
      const present = await presentBytes(kept.read()?.seen, target)
      if (present?.isWhole) return present.offset
      start = await begin(source, present, target, kept, { ...rules, signal })
      return await send(source.name, start, target, { ...rules, signal })
    } catch (error) {
      if (rules.signal.aborted) throw error
      start?.keep()
      if (budget.signal.aborted || error instanceof OutOfBudget) return goOnLater(source.name, start, kept)
      if (!(error instanceof SourceFailure)) throw error
      if (!error.retryable || attempt === RETRIES) throw unreachable(error, attempt)
    } finally {
      await start?.source.close()
    }
    await scheduler.wait(RETRY_PAUSE_MS * 2 ** attempt, { signal }).catch(() => undefined)
  }
}

/** From where a source that was seen may go on; null where it has to begin anew. */
async function presentBytes(seen: SeenSource | undefined, target: TransferTarget): Promise<(ResumePoint & { isWhole: boolean }) | null> {
  if (!seen || seen.validator === null || seen.totalBytes === null) return null
  const offset = await target.size()
  if (offset === null || offset === 0 || offset > seen.totalBytes) return null
  const { validator, totalBytes } = seen
  return { offset, validator, totalBytes, isWhole: offset === totalBytes }
}

async function begin(
  source: TransferSource,
  present: ResumePoint | null,
  target: TransferTarget,
  kept: KeptTransfer,
  { maxBytes, signal }: TransferRules,
): Promise<Start> {
  const before = kept.read()
  const opened = await source.open(present, signal)
  try {
    const { validator, totalBytes, offset } = opened
    if (totalBytes !== null && totalBytes > maxBytes) throw tooLarge(maxBytes)
    let isKept = before !== null && offset > 0
    const keep = () => {
      if (!isKept) kept.write({ seen: { validator, totalBytes }, cuts: before?.cuts ?? 0 })
      isKept = true
    }
    if (before && offset === 0) {
      // Bytes of an older version must be gone before it is recorded that the bytes are of this one.
      await target.clear()
      keep()
    }
    return { at: Date.now(), source: opened, refused: present !== null && offset === 0 && validator === present.validator, keep }
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function send(name: string, { source, keep }: Start, target: TransferTarget, rules: TransferRules): Promise<number> {
  const { totalBytes } = source
  const stalled = new AbortController()
  const look = async () => source.position ?? target.size()
  const unwatch = rules.pace && watchPace(rules.pace, look, () => stalled.abort())
  const signal = AbortSignal.any([rules.signal, stalled.signal])
  const keeping = setTimeout(keep, KEPT_AFTER_MS)
  let bytes = source.offset
  try {
    for (;;) {
      spend(rules.budget)
      const piece = await source.next(target.pieceBytes)
      if (piece === null) break
      const end = piece.length === null ? null : bytes + piece.length
      bytes = await put({ ...piece, offset: bytes, totalBytes }, target, rules.maxBytes, { signal, keep })
      if (bytes === totalBytes || (end !== null && bytes !== end)) break
      if (totalBytes !== null) keep()
    }
  } catch (error) {
    if (rules.signal.aborted) throw error
    if (stalled.signal.aborted) throw new SourceFailure(`${name} sent next to nothing for too long`, true, { cause: error })
    if (source.isBroken || error instanceof BrokenSource) throw new SourceFailure(`${name} cut the connection`, true, { cause: error })
    throw error
  } finally {
    unwatch?.()
    clearTimeout(keeping)
  }
  if (totalBytes === null || bytes === totalBytes) return bytes
  throw new SourceFailure(`${name} cut the connection after ${bytes} of ${totalBytes} bytes`, true)
}

/** A stream has broken, and its target is not to blame. */
class BrokenSource extends Error {}

async function put(
  piece: PlacedPiece,
  target: TransferTarget,
  maxBytes: number,
  { signal, keep }: { signal: AbortSignal; keep: () => void },
): Promise<number> {
  try {
    return await target.put(piece, signal, keep)
  } catch (cause) {
    if (signal.aborted || cause instanceof OutOfBudget) throw cause
    switch (await target.blame(cause, piece)) {
      case 'too_large':
        throw tooLarge(maxBytes, { cause })
      case 'source':
        throw new BrokenSource('the source broke off', { cause })
      case 'target':
        throw cause
    }
  }
}

/**
 * This alarm is over before the transfer is. One that cannot go on where it was gets one more start, with a whole alarm before it: what is not
 * done then never will be.
 */
function goOnLater(name: string, start: Start | null, kept: KeptTransfer): null {
  const progress = kept.read()
  if (start === null || progress === null) return null
  const { seen, cuts } = progress
  const isResumable = seen.validator !== null && seen.totalBytes !== null && !start.refused
  if (!isResumable && cuts > 0) {
    const seconds = Math.round((Date.now() - start.at) / 1000)
    const why = `${name} cannot go on with a download that was cut (it needs a Content-Length, an ETag or Last-Modified, and Range requests)`
    throw new TransferFailure('unreachable', `could not be downloaded at one go: it was not complete after ${seconds} seconds, and ${why}`)
  }
  kept.write({ seen, cuts: cuts + 1 })
  return null
}

function unreachable(failure: SourceFailure, retries: number): TransferFailure {
  const tried = retries > 0 ? ` (tried ${retries + 1} times)` : ''
  return new TransferFailure('unreachable', `could not be downloaded: ${failure.message}${tried}`, { cause: failure })
}
