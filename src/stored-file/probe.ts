/** Has an executor find out what is in a stored file. */
import type { Budget } from '../durable/budget.ts'
import type { KeptTransfers } from '../durable/kept-transfers.ts'
import { type KeptTransfer, TransferFailure, transfer } from '../durable/transfer.ts'
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import { InputTarget } from '../executor/input-target.ts'
import { BucketSource } from '../files/bucket-source.ts'
import { log } from '../logging/log.ts'
import { bucketKey, type FileSpec } from './record.ts'
import type { FileEvent } from './state.ts'
import { probeJobName } from './store.ts'

/** An executor that has not taken the file in so many alarms never will: a tenth of it is brought in one at the least. */
const MAX_CUTS = 10

export interface ProbeContext {
  bucket: R2Bucket
  executor: ExecutorClient
  transfers: KeptTransfers
  sizeBytes: number
  pieceBytes: number
  budget: Budget
}

/**
 * One attempt, or the rest of one. A file that is no media, or too much for the executor, has been looked into too.
 * @returns how it ended; null where the next alarm is to go on
 */
export async function probeStored(spec: FileSpec, attempt: number, context: ProbeContext): Promise<FileEvent | null> {
  const { executor, budget } = context
  const job = probeJobName(spec, { attempt })
  const kept = context.transfers.of(job, spec.filename)
  try {
    const bytes = await bringFile(spec, job, kept, context)
    if ((kept.read()?.cuts ?? 0) > MAX_CUTS) return { type: 'probe_lost', attempt, now: Date.now() }
    if (bytes === null || !budget.take()) return null
    const { files } = await executor.probe(job, [spec.filename], budget.signal)
    return { type: 'probed', attempt, media: files[spec.filename] ?? null }
  } catch (error) {
    if (error instanceof TransferFailure) return { type: 'probed', attempt, media: null }
    if (budget.signal.aborted) return null
    if (!(error instanceof ExecutorFailure)) throw error
    log('warn', 'file.probe_failed', { file_id: spec.id, account: spec.account, attempt, fault: error.fault, error })
    const isLost = error.fault === 'unreachable' || error.fault === 'not_started' || error.fault === 'job_unknown'
    return isLost ? { type: 'probe_lost', attempt, now: Date.now() } : { type: 'probed', attempt, media: null }
  }
}

function bringFile(spec: FileSpec, job: string, kept: KeptTransfer, context: ProbeContext): Promise<number | null> {
  const { bucket, executor, sizeBytes, pieceBytes, budget } = context
  const limits = { maxBytes: sizeBytes, maxJobBytes: sizeBytes }
  const source = new BucketSource({
    bucket,
    key: bucketKey(spec),
    name: spec.filename,
    budget,
    whyMissing: async () => 'does not exist any more',
    inspect: async (stream) => stream,
  })
  const target = new InputTarget({ executor, job, filename: spec.filename, limits, pieceBytes, budget })
  return transfer(source, target, kept, { maxBytes: sizeBytes, pace: null, budget, signal: new AbortController().signal })
}
