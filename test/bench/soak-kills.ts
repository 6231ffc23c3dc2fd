/** Kills parts of a running stack at random, or all of it, and has it started again on the same state and port. */
import { setTimeout as sleep } from 'node:timers/promises'
import { killProcess } from '../support/processes.ts'
import type { TestStack } from '../support/stack.ts'

const KILL_AFTER_SECONDS = { min: 6, max: 34 }

/** How often each is chosen, beside the others. */
const VICTIMS = { executor: 3, Worker: 4, both: 2, everything: 1 }
export type Victim = keyof typeof VICTIMS
const CHOICES = (Object.keys(VICTIMS) as Victim[]).flatMap((victim) => Array.from({ length: VICTIMS[victim] }, () => victim))

export interface Kill {
  victim: Victim
  /** In ms since the epoch. */
  at: number
}

/** Until `signal`. Answers the kills when the stack runs again after the last of them. */
export async function killAtRandom(stack: TestStack, random: () => number, signal: AbortSignal): Promise<Kill[]> {
  const kills: Kill[] = []
  const { min, max } = KILL_AFTER_SECONDS
  while (await paused((min + (max - min) * random()) * 1000, signal)) {
    const victim = CHOICES[Math.floor(random() * CHOICES.length)]
    if (victim === undefined) continue
    kills.push({ victim, at: Date.now() })
    await kill(victim, stack, random)
  }
  return kills
}

/** With the Worker's process all objects are gone at once, in the middle of whatever they do. */
async function kill(victim: Victim, stack: TestStack, random: () => number): Promise<void> {
  switch (victim) {
    case 'executor':
      return stack.killExecutor()
    case 'Worker':
      return killWorker(stack, random)
    case 'both':
      await Promise.all([stack.killExecutor(), killWorker(stack, random)])
      return
    case 'everything':
      await stack.killAll()
      return stack.start()
    default:
      victim satisfies never
  }
}

/** Either workerd, or the program that has started it. */
async function killWorker(stack: TestStack, random: () => number): Promise<void> {
  if (random() < 0.5) return stack.killWorker()
  killProcess(await stack.workerPid())
}

/** Whether the executor died with it. */
export function tookExecutor({ victim }: Kill): boolean {
  return victim !== 'Worker'
}

/** Whether the Worker died with it. */
export function tookWorker({ victim }: Kill): boolean {
  return victim !== 'executor'
}

/** Answers false where `signal` came first. */
export async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}
