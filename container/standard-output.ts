/** What a job's programs write to their standard output: text for the one who sent the command. */
import type { StandardOutputText } from '../src/executor/protocol.ts'

/** What is kept of it, in bytes. More than this belongs into a file. */
const MAX_STDOUT_BYTES = 64 * 1024

/** The beginning of all that is written to it. */
export class StandardOutput {
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #truncated = false

  readonly write = (chunk: Buffer): void => {
    const room = MAX_STDOUT_BYTES - this.#bytes
    if (chunk.length > room) this.#truncated = true
    if (room === 0) return
    // A copy: the rest of what the chunk is cut from is not kept.
    this.#chunks.push(Buffer.from(chunk.subarray(0, room)))
    this.#bytes += Math.min(chunk.length, room)
  }

  /** As UTF-8; null where nothing was written. A character that the end cuts is left out. */
  get text(): StandardOutputText | null {
    if (this.#bytes === 0) return null
    const decoder = new TextDecoder()
    const text = decoder.decode(Buffer.concat(this.#chunks), { stream: this.#truncated })
    return { text, truncated: this.#truncated }
  }
}
