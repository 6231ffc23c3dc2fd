/** Under which conditions each round of a repetition runs, and what its rounds have found. Pure. */

export interface Conditions {
  /** Counted from 1. */
  round: number
  /** Whether every core has something else to do. */
  busy: boolean
  /** Files and tests run in the random order that this gives; null for the order in which they stand. */
  seed: number | null
}

export interface Round extends Conditions {
  seconds: number
  /** Full names of the tests that failed. */
  failed: readonly string[]
  /** Why the round counts as failed although no test did; null where it does not. */
  trouble: string | null
}

/** Of every ten rounds five are busy and three in a random order, of which one or two are busy as well. */
export function conditionsOf(round: number, seed: number): Conditions {
  return { round, busy: round % 2 === 0, seed: [2, 5, 8].includes(round % 10) ? seed : null }
}

export function describeConditions({ busy, seed }: Conditions): string {
  return [busy ? 'every core busy' : 'quiet', seed === null ? 'in order' : `in random order, seed ${seed}`].join(', ')
}

/** Each test that failed in any round, with the rounds; empty where none did. */
export function describeFailures(rounds: readonly Round[]): string {
  const occasions = new Map<string, string[]>()
  for (const round of rounds) {
    const occasion = `round ${round.round}, ${describeConditions(round)}`
    for (const name of [...round.failed, ...(round.trouble === null ? [] : [round.trouble])]) {
      occasions.set(name, [...(occasions.get(name) ?? []), occasion])
    }
  }
  return [...occasions].map(([name, found]) => [name, ...found.map((occasion) => `    ${occasion}`)].join('\n')).join('\n')
}
