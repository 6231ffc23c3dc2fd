/** Polling with a deadline, the only kind of waiting that tests do. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves with the first result of `probe` that is not null, undefined or false; throws, naming `what`, when `timeoutMs` pass without one.
 * Between two looks `intervalMs` pass: more than the default where a look is dear and the wait is long.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 60_000,
  intervalMs = 50,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const result = await probe()
    if (result !== null && result !== undefined && result !== false) return result
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`)
    await sleep(intervalMs)
  }
}
