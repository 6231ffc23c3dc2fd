/** Files of a job as one zip: stored rather than compressed, since media is compressed already. A thread of its own writes it. */
import { rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { Slices } from './slices.ts'

/** Headers that a zip has for each file, beside its name. An estimate from above, also for ZIP64. */
const BYTES_PER_FILE = 200
const BYTES_AT_END = 200

export interface PackedFile {
  name: string
  bytes: number
  modified: Date
  /** Its place in the zip; files of one place are sorted by their names. */
  place: number
}

/** What the thread is started with. */
export interface PackJob {
  /** Where the files are. */
  folder: string
  /** Of the zip, where nothing may be yet. */
  path: string
}

/** What the thread is told: files in any number of messages, then that there are no more. It says `packed` when the zip is complete. */
export type PackOrder = { files: readonly PackedFile[] } | 'complete'
export const PACKED = 'packed'

/** Copying a message takes time in which this thread does nothing else. */
const FILES_PER_MESSAGE = 500
/** The thread's own, in MB: the list of the files takes some of it, their contents do not. */
const THREAD_MEMORY_MB = 256

/** Size of the zip that these files make, or a little more. */
export function packedBytes(files: readonly Pick<PackedFile, 'name' | 'bytes'>[]): number {
  return files.reduce((sum, { name, bytes }) => sum + bytes + BYTES_PER_FILE + 2 * Buffer.byteLength(name), BYTES_AT_END)
}

/** Writes the zip to `path`. Rejects when a file is no longer what it was, or when `signal` aborts; then there is no zip. */
export async function pack(folder: string, files: readonly PackedFile[], path: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const job: PackJob = { folder, path }
  const thread = new Worker(new URL('pack-thread.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY_MB },
  })
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([packedBy(thread), send(files, thread, signal), stopped.promise])
    await thread.terminate()
  } catch (error) {
    await thread.terminate()
    await rm(path, { force: true })
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Resolves when the zip is complete, rejects with the thread's error. */
function packedBy(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once('message', () => resolve())
    thread.once('error', reject)
    thread.once('exit', (code) => reject(new Error(`packing ended with exit code ${code}`)))
  })
}

/** Tells the thread all files. Rejects when that fails; who waits for the zip waits for the thread's answer. */
async function send(files: readonly PackedFile[], thread: Worker, signal: AbortSignal): Promise<never> {
  const slices = new Slices(signal)
  for (let start = 0; start < files.length; start += FILES_PER_MESSAGE) {
    tell(thread, { files: files.slice(start, start + FILES_PER_MESSAGE) })
    await slices.pause()
  }
  tell(thread, 'complete')
  return new Promise(() => {})
}

function tell(thread: Worker, order: PackOrder): void {
  thread.postMessage(order)
}
