/** Has an executor find out what is in a stored file. */
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import { log } from '../logging/log.ts'
import { bucketKey, type FileSpec } from './record.ts'
import type { FileEvent } from './state.ts'
import { probeJobName } from './store.ts'

/** One attempt. A file that is no media, or too much for the executor, has been looked into too. */
export async function probeStored(
  spec: FileSpec,
  attempt: number,
  { bucket, executor, signal }: { bucket: R2Bucket; executor: ExecutorClient; signal: AbortSignal },
): Promise<FileEvent> {
  const job = probeJobName(spec, { attempt })
  try {
    const object = await bucket.get(bucketKey(spec))
    if (!object) return { type: 'probed', attempt, media: null }
    const limits = { maxBytes: object.size, maxJobBytes: object.size }
    await executor.putInput(job, spec.filename, { stream: object.body, resume: null }, limits, signal)
    const { files } = await executor.probe(job, [spec.filename], signal)
    return { type: 'probed', attempt, media: files[spec.filename] ?? null }
  } catch (error) {
    if (signal.aborted) return { type: 'probe_lost', attempt, now: Date.now() }
    if (!(error instanceof ExecutorFailure)) throw error
    log('warn', 'file.probe_failed', { file_id: spec.id, account: spec.account, attempt, fault: error.fault, error })
    const isLost = error.fault === 'unreachable' || error.fault === 'not_started' || error.fault === 'job_unknown'
    return isLost ? { type: 'probe_lost', attempt, now: Date.now() } : { type: 'probed', attempt, media: null }
  }
}
