/** The bucket, with what R2 insists on and the local one lets pass. The size of parts is what the local one insists on too. */
import { intercepted } from '../metered/bindings.ts'
import { takesPart } from './cuts.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'

type Subrequest = <T>(what: string, request: () => T) => Promise<Awaited<T>>

/** When each key was written last, in ms since the epoch. */
const writtenAt = new Map<string, number>()

export function heldBucket(files: R2Bucket, subrequest: Subrequest): R2Bucket {
  return intercepted(files, (name, call, [key]) => {
    // This one alone asks nobody.
    if (name === 'resumeMultipartUpload') return heldUpload(call(), subrequest)
    return subrequest(`R2.${name}`, async () => {
      if (name === 'put') write(String(key))
      const answer = await call()
      if (name !== 'createMultipartUpload') return answer
      ledger.uploads += 1
      ledger.openUploads.set(answer.uploadId, answer.key)
      return heldUpload(answer, subrequest)
    })
  })
}

function heldUpload(upload: R2MultipartUpload, subrequest: Subrequest): R2MultipartUpload {
  return intercepted(upload, (name, call, [argument]) =>
    subrequest(`R2.${name}`, async () => {
      if (name === 'uploadPart' && Number(argument) > PLATFORM.parts) throw ledger.violate('parts', `${argument} of ${upload.key}`)
      if (name === 'complete') write(upload.key)
      const answer = await call()
      if (name === 'complete' || name === 'abort') ledger.openUploads.delete(upload.uploadId)
      return answer
    }),
  )
}

function write(key: string): void {
  // Who is begun again ten times a second would have to wait for a second each time.
  if (takesPart(key.split('/')[0] ?? '')) return
  const restedMs = Date.now() - (writtenAt.get(key) ?? 0)
  writtenAt.set(key, Date.now())
  if (restedMs < PLATFORM.keyRestMs) throw ledger.violate('writes under one key', `${key} again after ${restedMs} ms`)
}
