/** FFmpeg's stderr, from the executor. */
import type { ExecutorClient } from '../executor/client.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import type { CommandStore } from './store.ts'

/** How much of it is kept with the command. */
const LOG_CHARACTERS = 1_000_000

/** What has been written so far, as much of its end as is kept; null when the executor does not say. */
export async function jobLog(executor: ExecutorClient, job: string): Promise<string | null> {
  try {
    return (await executor.log(job, LOG_CHARACTERS)).slice(-LOG_CHARACTERS)
  } catch (error) {
    if (!(error instanceof ExecutorFailure)) throw error
    return null
  }
}

/** The log is worth keeping, and not worth failing for. */
export async function keepLog(
  job: string,
  { executor, kept }: { executor: ExecutorClient; kept: Pick<CommandStore, 'log'> },
): Promise<void> {
  const log = await jobLog(executor, job)
  if (log !== null) kept.log = log
}
