/** The stage DOWNLOADING: brings the inputs to the executor, and hands the job over. */
import { OutOfBudget, spend } from '../durable/budget.ts'
import { Turns } from '../durable/turns.ts'
import { ExecutorFailure } from '../executor/failure.ts'
import type { RunRequest } from '../executor/protocol.ts'
import { revisionNeeded } from '../executor/revision-needed.ts'
import { downloadInput, InputFailure, inputJobs } from './input.ts'
import { jobName } from './job-name.ts'
import type { At, RunContext } from './run-context.ts'
import { runRequest } from './run-request.ts'
import type { CommandError, CommandEvent } from './state.ts'

/** Brings every input that is not there yet, a few side by side, then has the job run. What has arrived is kept for the next alarm. */
export async function download(state: At<'DOWNLOADING'>, context: RunContext): Promise<void> {
  const { spec, settings, budget } = context
  const job = jobName(spec, state)
  const tooLong = new AbortController()
  const deadline = setTimeout(() => tooLong.abort(), Math.max(0, state.since + settings.maxDownloadMs - Date.now()))
  const request = runRequest(spec, settings)
  try {
    await refuseOlderExecutor(request, context)
    if (!(await bringInputs(state, context, tooLong.signal))) return
    if (!(await context.states.run(job, request, context))) return
    context.apply({ type: 'run_accepted', attempt: state.attempt })
  } catch (error) {
    if (tooLong.signal.aborted) context.apply(overdue(state, settings.maxDownloadMs))
    else if (error instanceof InputFailure) context.apply(failed(state, error.error))
    else if (!budget.signal.aborted && !(error instanceof OutOfBudget)) context.apply(withoutExecutor(state, error))
  } finally {
    clearTimeout(deadline)
  }
}

/** Throws an ExecutorFailure, `too_old`, where the executor would read the command otherwise than it is meant. */
async function refuseOlderExecutor(request: RunRequest, { executor, budget }: RunContext): Promise<void> {
  const revision = revisionNeeded(request)
  if (revision === 1) return
  spend(budget)
  await executor.mustBeOfRevision(revision)
}

/** Answers whether all inputs are there; where not, the next alarm goes on. */
async function bringInputs(state: At<'DOWNLOADING'>, context: RunContext, tooLong: AbortSignal): Promise<boolean> {
  const { spec, settings, limits, executor, budget } = context
  const job = jobName(spec, state)
  const missing = inputJobs(spec).filter(({ alias }) => !Object.hasOwn(state.received, alias))
  if (missing.length === 0) return true
  // No source is opened for an executor that is not there: some may be opened only once.
  spend(budget)
  await executor.prepare(job, runRequest(spec, settings), AbortSignal.any([budget.signal, tooLong]))
  const turns = new Turns(limits.transfersAtOnce)
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, tooLong])
  const bring = async (input: (typeof missing)[number]) => {
    const bytes = await downloadInput(input, context.kept.transfers.of(job, input.alias), { ...context, job, signal })
    if (bytes !== null) context.apply({ type: 'input_received', attempt: state.attempt, alias: input.alias, bytes })
    return bytes !== null
  }
  try {
    const arrived = await Promise.all(missing.map((input) => turns.take(() => bring(input).catch(orLater))))
    return !arrived.includes(false)
  } catch (error) {
    failed.abort()
    throw error
  }
}

/** One for which no requests are left does not end the others. */
function orLater(error: unknown): false {
  if (error instanceof OutOfBudget) return false
  throw error
}

function overdue(state: At<'DOWNLOADING'>, maxDownloadMs: number): CommandEvent {
  const message = `the inputs could not be downloaded within ${maxDownloadMs / 1000} seconds`
  return failed(state, { status: 'UNREACHABLE_INPUT_FILE', message })
}

function failed({ attempt }: At<'DOWNLOADING'>, error: CommandError): CommandEvent {
  return { type: 'failed', attempt, error, ffmpegSeconds: null, now: Date.now() }
}

/** What it means for the command that its executor has failed. Throws what nobody expected. */
function withoutExecutor({ attempt }: At<'DOWNLOADING'>, error: unknown): CommandEvent {
  const now = Date.now()
  const fault = error instanceof ExecutorFailure ? error.fault : null
  const reason = error instanceof Error ? error.message : ''
  switch (fault) {
    case 'unreachable':
    case 'no_room':
    case 'not_started':
    case 'too_old':
      return { type: 'executor_unavailable', attempt, cause: fault, reason, now }
    case 'job_unknown':
      return { type: 'attempt_lost', attempt, reason, now }
    default:
      throw error
  }
}
