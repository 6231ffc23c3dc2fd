/** When a webhook is sent again, and when not. */

/** Seconds before each attempt, the first included: 8 attempts over about 28 hours. */
export const RETRY_DELAYS_SECONDS: readonly number[] = [0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000]

/** The longest delay that Cloudflare Queues accept: 12 hours. */
const MAX_DELAY_SECONDS = 43_200

const MAX_ATTEMPTS = 100

/** Share of a delay by which it is varied either way, so that events which failed together do not return together. */
const JITTER = 0.1

/**
 * Reads the setting WEBHOOK_RETRY_SCHEDULE.
 * @param setting comma-separated whole seconds before each attempt; undefined or blank for the default.
 * @throws Error naming the entry that is wrong.
 */
export function parseSchedule(setting: string | undefined): readonly number[] {
  if (setting === undefined || setting.trim() === '') return RETRY_DELAYS_SECONDS
  const entries = setting.split(',').map((entry) => entry.trim())
  if (entries.length > MAX_ATTEMPTS)
    throw new Error(`WEBHOOK_RETRY_SCHEDULE: ${entries.length} attempts, at most ${MAX_ATTEMPTS} are possible`)
  return entries.map((entry) => {
    const seconds = /^\d+$/.test(entry) ? Number(entry) : Number.NaN
    if (seconds <= MAX_DELAY_SECONDS) return seconds
    throw new Error(`WEBHOOK_RETRY_SCHEDULE: "${entry}" is not a whole number of seconds from 0 to ${MAX_DELAY_SECONDS}`)
  })
}

export type NextAttempt = { kind: 'retry'; delaySeconds: number } | { kind: 'give_up' }

/**
 * What follows a failed attempt.
 *
 * The receiver's Retry-After lengthens the delay up to twofold and never shortens it, so that it can neither park nor hasten
 * its deliveries; a blank or unreadable one counts as none.
 * @param failed `attempt`: the number of the attempt that failed, from 1; `retryAfter`: the answer's header (RFC 9110, section 10.2.3);
 *   `random`: from 0 up to 1.
 * @returns whole seconds, at most the 12 hours that a queue can hold a message.
 */
export function nextAttempt(failed: {
  attempt: number
  delays: readonly number[]
  retryAfter: string | null
  now: Date
  random: number
}): NextAttempt {
  const delay = failed.delays[failed.attempt]
  if (delay === undefined) return { kind: 'give_up' }
  const jittered = delay * (1 + JITTER * (2 * failed.random - 1))
  const asked = Math.min(retryAfterSeconds(failed.retryAfter, failed.now), 2 * delay)
  return { kind: 'retry', delaySeconds: Math.min(Math.ceil(Math.max(jittered, asked)), MAX_DELAY_SECONDS) }
}

function retryAfterSeconds(header: string | null, now: Date): number {
  const value = header?.trim() ?? ''
  if (/^\d+$/.test(value)) return Number(value)
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return 0
  const at = Date.parse(value)
  return Number.isNaN(at) ? 0 : Math.max(0, (at - now.getTime()) / 1000)
}

/**
 * What a receiver's status means: only 2xx is success, and 410 (Gone) asks for no more.
 * Redirects are failures like any other, since following one would deliver to a place that nobody configured.
 */
export function outcome(status: number): 'delivered' | 'retry' | 'stop' {
  if (status >= 200 && status < 300) return 'delivered'
  return status === 410 ? 'stop' : 'retry'
}
