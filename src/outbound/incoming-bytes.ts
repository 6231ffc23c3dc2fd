/** A file on its way, whole or from where it was cut. */
export interface IncomingBytes {
  stream: ReadableStream
  /** Set when the target already has the first `offset` bytes of a file of `totalBytes`, and the stream is the rest. */
  resume: { offset: number; totalBytes: number } | null
}
