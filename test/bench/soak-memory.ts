/** Whether the Worker or the executor takes more and more memory, though both are killed again and again. */
import type { TestStack } from '../support/stack.ts'
import { type Memory, residentPart } from './memory.ts'
import { figure, type Goal, medianOf, type Row } from './rows.ts'
import { paused } from './soak-kills.ts'

const SAMPLE_EVERY_MS = 2000
/** Processes of this age are compared, in seconds: they have started, and most live so long. */
const AGES = { from: 6, to: 25 }
/** Shares of the time with kills whose young processes are compared. */
const EARLY = { from: 0, to: 0.35 }
const LATE = { from: 0.65, to: 1 }
/** Shares of the calm time, in which both grow old: once they are warm, and its end. */
const CALM_EARLY = { from: 0.2, to: 0.4 }
const CALM_LATE = { from: 0.8, to: 1 }
const FLAT: Goal = { op: '<', bound: 50 }
/** Medians of fewer samples tell how busy the seconds were, and nothing of the hours. */
const ENOUGH = 30

const PARTS = ['workerd', 'executor'] as const

export interface MemorySample {
  part: keyof Memory
  megabytes: number
  /** How long its process has been seen, in seconds. */
  age: number
  isCalm: boolean
}

/** Until `end`; what is measured after `calm` belongs to processes that nobody kills any more. */
export async function sampleMemory(stack: TestStack, { calm, end }: { calm: AbortSignal; end: AbortSignal }): Promise<MemorySample[]> {
  const samples: MemorySample[] = []
  const firstSeen = new Map<number, number>()
  while (await paused(SAMPLE_EVERY_MS, end)) {
    const processes = await stack.processes()
    for (const part of PARTS) {
      const resident = await residentPart(processes, part)
      if (resident === null) continue
      const now = performance.now()
      const since = firstSeen.get(resident.pid) ?? now
      firstSeen.set(resident.pid, since)
      samples.push({ part, megabytes: resident.megabytes, age: (now - since) / 1000, isCalm: calm.aborted })
    }
  }
  return samples
}

/** Young processes early and late, and old ones of the calm time early and late. */
export function memoryRows(samples: readonly MemorySample[]): Row[] {
  return PARTS.flatMap((part) => {
    const own = samples.filter((sample) => sample.part === part)
    const young = own.filter(({ isCalm, age }) => !isCalm && age >= AGES.from && age <= AGES.to)
    const calm = own.filter(({ isCalm }) => isCalm)
    return [
      ...comparison(`memory of ${part}, ${AGES.from} to ${AGES.to} s old`, between(young, EARLY), between(young, LATE)),
      ...comparison(`memory of ${part}, without kills`, between(calm, CALM_EARLY), between(calm, CALM_LATE)),
    ]
  })
}

function comparison(measure: string, early: readonly MemorySample[], late: readonly MemorySample[]): Row[] {
  // A run of a minute has nothing to compare.
  if (early.length === 0 || late.length === 0) return []
  const row = (when: string, samples: readonly MemorySample[]) =>
    medianOf(
      'soak',
      `${measure}, ${when}`,
      'MB',
      samples.map(({ megabytes }) => megabytes),
    )
  const [before, after] = [row('early', early), row('late', late)]
  const goal = Math.min(early.length, late.length) < ENOUGH ? null : FLAT
  return [before, after, figure('soak', `${measure}, growth`, 'MB', after.value - before.value, goal)]
}

function between<T>(samples: readonly T[], { from, to }: { from: number; to: number }): readonly T[] {
  return samples.slice(Math.floor(from * samples.length), Math.ceil(to * samples.length))
}
