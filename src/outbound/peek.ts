/** A look at the beginning of a stream that somebody else is still to read. */

export interface Peeked {
  /** The first bytes: as many as were asked for, or all that there are. */
  head: Uint8Array
  /** Whether the stream broke before there were as many. Whoever reads `whole` meets the same fault. */
  broken: boolean
  /** The stream from its first byte on. */
  whole: ReadableStream<Uint8Array>
}

/**
 * Reads so many bytes, and holds no more of the stream than its first pieces. Both halves of a stream that is split stay the platform's own,
 * so what follows passes by without going through this program. Rejects when `signal` aborts.
 */
export async function peek(stream: ReadableStream<Uint8Array>, bytes: number, signal: AbortSignal): Promise<Peeked> {
  const [looked, whole] = stream.tee()
  const reader = looked.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  const head = new Uint8Array(bytes)
  let length = 0
  let broken = false
  try {
    while (length < bytes) {
      const piece = await reader.read()
      if (piece.done) break
      const wanted = piece.value.subarray(0, bytes - length)
      head.set(wanted, length)
      length += wanted.length
    }
  } catch {
    broken = true
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
  if (signal.aborted) await whole.cancel().catch(() => undefined)
  signal.throwIfAborted()
  return { head: head.subarray(0, length), broken, whole }
}
