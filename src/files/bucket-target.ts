/** The bucket as the target of a download. */
import type { DownloadTarget, SeenSource } from '../outbound/download.ts'
import { type BucketWriter, TooManyBytes } from './bucket-writer.ts'

class SourceCut extends Error {
  override readonly name = 'SourceCut'
}

/** Writes what is downloaded with `writer`. `seen` and `onSeen` keep what the writer's progress alone does not tell. */
export function bucketTarget(writer: BucketWriter, seen: SeenSource | null, onSeen: (seen: SeenSource) => void): DownloadTarget {
  return {
    get seen() {
      return seen
    },
    set seen(source) {
      seen = source
      if (source) onSeen(source)
    },
    async put(body, _maxBytes, signal) {
      if (body.resume === null) await writer.discard()
      for await (const bytes of piecesOf(body.stream, signal)) await writer.write(bytes)
      return writer.bytes
    },
    size: async () => writer.bytes,
    async blame(error) {
      if (error instanceof TooManyBytes) return 'too_large'
      return error instanceof SourceCut ? 'source' : 'target'
    },
  }
}

/** What a stream brings, until it ends or `signal` does; the stream's own end before its time is a SourceCut. */
async function* piecesOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  try {
    for (;;) {
      const piece = await reader.read().catch((cause: unknown) => {
        throw new SourceCut('the source broke off', { cause })
      })
      signal.throwIfAborted()
      if (piece.done) return
      yield piece.value
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
