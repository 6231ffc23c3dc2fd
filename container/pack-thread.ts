/** The thread that packs one zip: with thousands of files, their list alone would hold up whoever else waits for this process. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZipFile } from 'yazl'
import { PACKED, type PackedFile, type PackJob, type PackOrder } from './pack.ts'
import { openRegularFile } from './regular-file.ts'

const { folder, path }: PackJob = workerData
const files: PackedFile[] = []

parentPort?.on('message', (order: PackOrder) => {
  if (order !== 'complete') files.push(...order.files)
  // What goes wrong ends the thread, and is told to who started it.
  else void write().then(() => parentPort?.postMessage(PACKED))
})

async function write(): Promise<void> {
  const zip = new ZipFile()
  const broken = new AbortController()
  zip.on('error', (error) => broken.abort(error))
  for (const { name, bytes, modified } of files.sort(inPlace)) {
    zip.addReadStreamLazy(name, { compress: false, size: bytes, mtime: modified, mode: 0o100644 }, (done) => {
      openFile(name, bytes).then(
        (stream) => {
          stream.on('error', (error) => broken.abort(error))
          done(null, stream)
        },
        (error) => broken.abort(error),
      )
    })
  }
  zip.end()
  try {
    await pipeline(zip.outputStream, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal: broken.signal })
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error
  }
}

function inPlace(a: PackedFile, b: PackedFile): number {
  return a.place - b.place || (a.name < b.name ? -1 : 1)
}

async function openFile(name: string, bytes: number): Promise<Readable> {
  const file = await openRegularFile(join(folder, name))
  if (file === null) throw new Error(`the file ${name} is gone`)
  if (bytes > 0) return file.handle.createReadStream({ start: 0, end: bytes - 1, highWaterMark: 256 * 1024 })
  await file.handle.close()
  return Readable.from([])
}
