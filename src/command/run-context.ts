/** What the steps of a command work with. */
import type { Budget } from '../durable/budget.ts'
import type { EngineLimits } from '../durable/limits.ts'
import type { ExecutorClient } from '../executor/client.ts'
import type { Progress } from '../executor/protocol.ts'
import type { OwnFile } from '../files/own-file.ts'
import type { Settings } from '../settings.ts'
import type { JobStates } from './job-states.ts'
import type { CommandSpec } from './record.ts'
import type { CommandEvent, ProcessingState } from './state.ts'
import type { CommandStore } from './store.ts'

/** The state in that stage. */
export type At<Stage extends ProcessingState['stage']> = Extract<ProcessingState, { stage: Stage }>

/**
 * The Durable Object provides it. A step is one bounded piece of work: it reads where things stand, does its work and records the outcome as an
 * event, so that it may be cut off at any moment and begun again.
 */
export interface RunContext {
  spec: CommandSpec
  settings: Settings
  bucket: R2Bucket
  executor: ExecutorClient
  ownFile: (url: string) => Promise<OwnFile | null>
  /** Why a file of ours is not in the bucket, as the end of a sentence. */
  whyMissing: (file: OwnFile) => Promise<string>
  /** Records the event if it still applies. */
  apply: (event: CommandEvent) => void
  setProgress: (progress: Progress | null) => void
  /** Where it is kept what the job prints, and how far its files have come. */
  kept: Pick<CommandStore, 'log' | 'stdout' | 'keepReport' | 'transfers' | 'uploads'>
  /** What the executor tells of the job. */
  states: JobStates
  limits: EngineLimits
  /** Ends when the command was cancelled, its slot was lost, or this alarm has done its share. */
  budget: Budget
}
