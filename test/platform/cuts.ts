/**
 * Where the objects of an account are cut off, however often they come back. What a test says here, the objects read: both are in one isolate.
 * An object that is cut off works in slices of some tens of milliseconds and with a handful of requests in each.
 */
import type { EngineLimits } from '../../src/durable/limits.ts'
import { around } from '../metered/storage.ts'
import { engine } from './limits.ts'

/**
 * - `every record`: an object is killed with each thing that it writes, now before it has been kept and now after.
 * - `every slice`: it is evicted after each alarm.
 * - `inside slices`: it is killed in the middle of each of its first alarms, then evicted after each.
 */
export type Cut = 'every record' | 'every slice' | 'inside slices'

const INSIDE = 8
const FIRST_SLICE_MS = 20
/** After so many alarms a slice is twice as long, so that a slow machine too gets anywhere. */
const DOUBLED_AFTER = 4
const REQUESTS = 8

/** Null for an account that is let be. */
const cuts = new Map<string, Cut | null>()
const lives = new Map<string, Life>()

/** What all lives of one object have in common. */
export class Life {
  readonly #account: string
  /** How often it was cut off. */
  cuts = 0
  /** How many alarms it has had. */
  alarms = 0
  #records = 0

  constructor(account: string) {
    this.#account = account
  }

  get #cut(): Cut | null {
    return cuts.get(this.#account) ?? null
  }

  /** How its alarms are limited from now on. */
  get limits(): EngineLimits {
    const { limits } = engine
    if (this.#cut === null) return limits
    const sliceMs = Math.min(limits.sliceMs, FIRST_SLICE_MS * 2 ** (this.alarms / DOUBLED_AFTER))
    return { ...limits, sliceMs, watchdogMs: 100, requests: REQUESTS, askAgainMs: { min: 1_000, max: 2_000 } }
  }

  /** Something was written. Answers whether that is its end, at once or as soon as it is kept. */
  recorded(): 'lost' | 'kept' | null {
    if (this.#cut !== 'every record') return null
    this.cuts++
    return this.#records++ % 2 === 0 ? 'kept' : 'lost'
  }

  /** An alarm begins. Answers what share of its time it is killed after; null where it comes to its end. */
  alarmBegins(): number | null {
    this.alarms++
    if (this.#cut !== 'inside slices' || this.alarms > INSIDE) return null
    this.cuts++
    return this.alarms / (INSIDE + 1)
  }

  /** An alarm has come to its end. Answers whether the object is evicted. */
  alarmEnded(): boolean {
    if (this.#cut !== 'every slice' && this.#cut !== 'inside slices') return false
    this.cuts++
    return true
  }
}

/** Cuts off what belongs to an account from now on; null lets it be. */
export function cutOff(account: string, cut: Cut | null): void {
  cuts.set(account, cut)
}

/** Whether an account has a part in this: what belongs to it is cut off, was, or is what the others are compared with. */
export function takesPart(account: string): boolean {
  return cuts.has(account)
}

/** Begins the life of an object, once: it belongs to this account. */
export function bear({ id }: DurableObjectState, account: string): void {
  if (!lives.has(id.toString())) lives.set(id.toString(), new Life(account))
}

/** The life of an object; null before it is told whose it is. */
export function lifeOf(id: DurableObjectId): Life | null {
  return lives.get(id.toString()) ?? null
}

/** Limits of an object, which are read anew in each of its alarms. */
export function limitsOf({ id }: DurableObjectState): EngineLimits {
  const now = () => lifeOf(id)?.limits ?? engine.limits
  return {
    ...engine.limits,
    get sliceMs() {
      return now().sliceMs
    },
    get watchdogMs() {
      return now().watchdogMs
    },
    get requests() {
      return now().requests
    },
    get askAgainMs() {
      return now().askAgainMs
    },
  }
}

/** Has an object end with what it writes from now on, where it is to. */
export function cutWithRecords(ctx: DurableObjectState): void {
  const { kv } = ctx.storage
  let isEnding = false
  around(kv, 'put', ([key, value], call) => {
    const isNew = JSON.stringify(kv.get(String(key))) !== JSON.stringify(value)
    call()
    // What is there already takes nothing further. What is written together with the first is one record with it.
    const end = isEnding || !isNew ? null : (lifeOf(ctx.id)?.recorded() ?? null)
    isEnding ||= end !== null
    if (end === 'lost') ctx.abort('cut off with a record')
    if (end === 'kept') setTimeout(() => ctx.abort('cut off after a record'), 0)
  })
}

/** Does an alarm's work, and cuts the object off in the middle of it or after it, where it is to. */
export async function cutShort(ctx: DurableObjectState, alarm: () => Promise<void>): Promise<void> {
  const life = lifeOf(ctx.id)
  const share = life?.alarmBegins() ?? null
  if (life && share !== null) setTimeout(() => ctx.abort('cut off inside a slice'), share * life.limits.sliceMs)
  await alarm()
  if (life?.alarmEnded()) setTimeout(() => ctx.abort('cut off between two slices'), 0)
}
