/** The bucket, with what R2 insists on and the local one lets pass. The size of parts is what the local one insists on too. */
import { intercepted } from '../metered/bindings.ts'
import { takesPart } from './cuts.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'

type Subrequest = <T>(what: string, request: () => T) => Promise<Awaited<T>>

/** When each key was last written to the end, in ms since the epoch. */
const writtenAt = new Map<string, number>()

export function heldBucket(files: R2Bucket, subrequest: Subrequest): R2Bucket {
  return intercepted(files, (name, call, [key, value]) => {
    // This one alone asks nobody.
    if (name === 'resumeMultipartUpload') return heldUpload(call(), subrequest)
    return subrequest(`R2.${name}`, async () => {
      if (name === 'put') {
        holdWrite(String(key))
        return written(String(key), await inMemory(value, call))
      }
      const answer = await call()
      if (name !== 'createMultipartUpload') return answer
      ledger.uploads += 1
      ledger.openUploads.set(answer.uploadId, answer.key)
      return heldUpload(answer, subrequest)
    })
  })
}

function heldUpload(upload: R2MultipartUpload, subrequest: Subrequest): R2MultipartUpload {
  return intercepted(upload, (name, call, [argument, value]) =>
    subrequest(`R2.${name}`, async () => {
      if (name === 'uploadPart' && Number(argument) > PLATFORM.parts) throw ledger.violate('parts', `${argument} of ${upload.key}`)
      if (name === 'complete') holdWrite(upload.key)
      const answer = await inMemory(name === 'uploadPart' ? value : null, call)
      if (name === 'complete' || name === 'abort') ledger.openUploads.delete(upload.uploadId)
      return name === 'complete' ? written(upload.key, answer) : answer
    }),
  )
}

function written<T>(key: string, answer: T): T {
  writtenAt.set(key, Date.now())
  return answer
}

/** Counts bytes that are held in memory while they go up; a stream's are not. */
async function inMemory<T>(value: unknown, request: () => T): Promise<Awaited<T>> {
  const bytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : 0
  ledger.buffered += bytes
  ledger.mostBuffered = Math.max(ledger.mostBuffered, ledger.buffered)
  try {
    return await request()
  } finally {
    ledger.buffered -= bytes
  }
}

function holdWrite(key: string): void {
  // Who is begun again ten times a second would have to wait for a second each time.
  if (takesPart(key.split('/')[0] ?? '')) return
  const restedMs = Date.now() - (writtenAt.get(key) ?? 0)
  if (restedMs < PLATFORM.keyRestMs) throw ledger.violate('writes under one key', `${key} again after ${restedMs} ms`)
}
