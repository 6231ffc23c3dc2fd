/** FFmpeg's stderr, from the executor. */
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import type { CommandStore } from './store.ts'

/** How much of it is kept with the command: of UTF-8, in which it is asked for, and of what it takes where it is stored. */
const LOG_BYTES = 1_000_000
const STORED_BYTES = 1_900_000

/** What has been written so far, as much of its end as is kept; null when the executor does not say. */
export async function jobLog(executor: ExecutorClient, job: string): Promise<string | null> {
  try {
    return keptEnd(await executor.log(job, LOG_BYTES))
  } catch (error) {
    if (!(error instanceof ExecutorFailure)) throw error
    return null
  }
}

/** The end of a log, as much of it as is kept. A value that an object stores has 2 MB at most, at two bytes a character outside of Latin-1. */
function keptEnd(log: string): string {
  const end = log.slice(-LOG_BYTES)
  return /^[\0-\xff]*$/.test(end) ? end : end.slice(-STORED_BYTES / 2)
}

/** The log is worth keeping, and not worth failing for. */
export async function keepLog(
  job: string,
  { executor, kept }: { executor: ExecutorClient; kept: Pick<CommandStore, 'log'> },
): Promise<void> {
  const log = await jobLog(executor, job)
  if (log !== null) kept.log = log
}
