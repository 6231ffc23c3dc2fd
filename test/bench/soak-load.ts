/** The clients of the soak: each does one thing after the other, chosen at random, and looks after each to its end. */
import type { PatientClient } from './patient-client.ts'
import type { SoakWebhooks } from './soak-webhooks.ts'

/** What one client does, and what it is done with. */
export interface Session {
  client: PatientClient
  random: () => number
  webhooks: SoakWebhooks
  /** Tells that the service has accepted something. */
  accepted: (what: 'command' | 'file', id: string) => void
  /** Tells that a command is to be no more. */
  deleted: (commandId: string) => void
}

export interface Kind {
  name: string
  /** How often it is chosen, beside the others. */
  weight: number
  /** `SUCCESS`, or the `error_status`. */
  expected: string
  /** Does it, to its end. Answers what became of it: as `expected`, or in other words. */
  run: (session: Session) => Promise<string>
}

export interface Outcome {
  kind: string
  /** Of the command or file, the last one where there were several; null where nothing was accepted. */
  id: string | null
  expected: string
  /** As `expected`, or what else was seen. */
  got: string
  /** When it was begun and when its end was known, in ms since the epoch. */
  begunAt: number
  endedAt: number
}

/** One after the other until `signal`, each looked after to its end. */
export async function runClient(kinds: readonly Kind[], session: Session, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const choices = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  while (!signal.aborted) {
    const kind = choices[Math.floor(session.random() * choices.length)]
    if (kind) outcomes.push(await runOne(kind, session))
  }
  return outcomes
}

async function runOne(kind: Kind, session: Session): Promise<Outcome> {
  const begunAt = Date.now()
  let id: string | null = null
  const accepted: Session['accepted'] = (what, given) => {
    session.accepted(what, given)
    id = given
  }
  const got = await kind.run({ ...session, accepted }).catch((error: unknown) => String(error))
  return { kind: kind.name, id, expected: kind.expected, got, begunAt, endedAt: Date.now() }
}
