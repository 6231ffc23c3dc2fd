/** Files of a job as one zip: stored rather than compressed, since media is compressed already. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import type { Workspace } from './workspace.ts'

/** Headers that a zip has for each file, beside its name. An estimate from above, also for ZIP64. */
const BYTES_PER_FILE = 200
const BYTES_AT_END = 200

/** Size of the zip that these files make, or a little more. */
export function packedBytes(files: readonly { name: string; bytes: number }[]): number {
  return files.reduce((sum, { name, bytes }) => sum + bytes + BYTES_PER_FILE + 2 * Buffer.byteLength(name), BYTES_AT_END)
}

/** Writes the zip to `path`. Rejects when a file is no longer what it was, or when `signal` aborts; then there is no zip. */
export async function pack(
  workspace: Workspace,
  files: readonly { name: string; bytes: number; modified: Date }[],
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const zip = new ZipFile()
  const broken = new AbortController()
  let open: Readable | null = null
  zip.on('error', (error) => broken.abort(error))
  for (const { name, bytes, modified } of files) {
    zip.addReadStreamLazy(name, { compress: false, size: bytes, mtime: modified, mode: 0o100644 }, (done) => {
      openFile(workspace, name, bytes).then(
        (stream) => {
          open = stream
          stream.on('error', (error) => broken.abort(error))
          done(null, stream)
        },
        (error) => broken.abort(error),
      )
    })
  }
  zip.end()
  try {
    await pipeline(zip.outputStream, createWriteStream(path, { flags: 'wx', mode: 0o600 }), {
      signal: AbortSignal.any([signal, broken.signal]),
    })
  } catch (error) {
    await rm(path, { force: true })
    throw broken.signal.aborted ? broken.signal.reason : error
  } finally {
    closed(open)
  }
}

async function openFile(workspace: Workspace, name: string, bytes: number): Promise<Readable> {
  const file = await workspace.openRegular(name)
  if (file === null) throw new Error(`the file ${name} is gone`)
  if (bytes > 0) return file.handle.createReadStream({ start: 0, end: bytes - 1, highWaterMark: 256 * 1024 })
  await file.handle.close()
  return Readable.from([])
}

/** A stream that was cut in the middle keeps its file open. */
function closed(stream: Readable | null): void {
  stream?.destroy()
}
