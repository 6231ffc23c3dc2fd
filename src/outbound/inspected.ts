/** Keeps what cannot be the file that is wanted from being brought anywhere. */
import { TransferFailure } from '../durable/transfer.ts'
import { SNIFFED_BYTES } from '../ffmpeg/content-sniffing.ts'
import { contentsFault, type FileHead, type FileUse } from './contents-fault.ts'
import { peek } from './peek.ts'

/** What a file is wanted for, and the name that it is to have. */
export interface WantedFile {
  filename: string
  use: FileUse
}

/** Looks at the first bytes of a file, and answers the stream that still has all of them. Throws a TransferFailure if it is of no use. */
export async function inspected(
  stream: ReadableStream<Uint8Array>,
  wanted: WantedFile,
  origin: Omit<FileHead, 'bytes'>,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { head, broken, whole } = await peek(stream, SNIFFED_BYTES, signal)
  // Of a file that is cut off after a few bytes, the next attempt brings more.
  const fault = broken ? null : contentsFault({ ...origin, bytes: head }, wanted.filename, wanted.use)
  if (fault === null) return whole
  await whole.cancel().catch(() => undefined)
  throw new TransferFailure('unreachable', fault)
}
