/** A file as an answer: whole, or one range of it. */
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { isErrno } from './folder.ts'

/** Inclusive at both ends, as in a Range header. */
export interface ByteRange {
  start: number
  end: number
}

/**
 * The part of a file of `size` bytes that a Range header asks for.
 * `whole` where there is no header or one that a server may ignore (several ranges, other units, nonsense).
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? '']
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end }
}

/** Streams an open file of `bytes` bytes as the answer and closes it. A client that goes away ends it early. */
export async function sendFile({ incoming, outgoing }: HttpBindings, file: { handle: FileHandle; bytes: number }): Promise<Response> {
  const { handle, bytes } = file
  const range = readRange(incoming.headers.range, bytes)
  const headers = { 'Content-Type': 'application/octet-stream', 'Accept-Ranges': 'bytes' }
  if (range === 'unsatisfiable') {
    await handle.close()
    const error = { code: 'RANGE_NOT_SATISFIABLE', message: `the file has ${bytes} bytes` }
    return Response.json({ error }, { status: 416, headers: { 'Content-Range': `bytes */${bytes}` } })
  }
  const { start, end } = range === 'whole' ? { start: 0, end: bytes - 1 } : range
  const partial = range === 'whole' ? {} : { 'Content-Range': `bytes ${start}-${end}/${bytes}` }
  const head = { status: range === 'whole' ? 200 : 206, headers: { ...headers, ...partial, 'Content-Length': String(end - start + 1) } }
  if (incoming.method === 'HEAD' || end < start) {
    await handle.close()
    // Hono makes an answer of its own out of the one to HEAD: were it sent already, the connection would break.
    return new Response(null, head)
  }
  outgoing.writeHead(head.status, head.headers)
  try {
    await pipeline(handle.createReadStream({ start, end, highWaterMark: 256 * 1024 }), outgoing)
  } catch (error) {
    if (!isErrno(error, 'ERR_STREAM_PREMATURE_CLOSE')) outgoing.destroy()
  }
  return RESPONSE_ALREADY_SENT
}
