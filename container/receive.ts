/** A request's body into a file, with memory that does not grow with it. */
import { createWriteStream } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { finished, pipeline } from 'node:stream/promises'
import { Fault } from './fault.ts'

export interface Reception {
  incoming: IncomingMessage
  path: string
  /** Bytes the file already has and keeps; 0 writes it anew. */
  offset: number
  /** Called with the length of each piece before it is written; what it throws ends the reception. */
  admit: (bytes: number) => void
}

/**
 * Resolves to the bytes written by this request. When the request is cut, what has arrived stays in the file.
 * On a fault the connection stays open, so that the answer can be read.
 */
export async function receive({ incoming, path, offset, admit }: Reception): Promise<number> {
  let bytes = 0
  const file = createWriteStream(path, { flags: offset === 0 ? 'w' : 'r+', start: offset, highWaterMark: 1024 ** 2 })
  try {
    await pipeline(async function* admitted() {
      for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
        admit(chunk.length)
        bytes += chunk.length
        yield chunk
      }
    }, file)
  } catch (error) {
    // The next request for this file must find it closed.
    await finished(file).catch(() => {})
    if (incoming.destroyed && !(error instanceof Fault)) throw new Fault('BAD_REQUEST', 'the request was cut')
    throw error
  }
  return bytes
}
