/** How a terminal, a service manager or npm tells a command to end. */

/**
 * What comes so soon after the first signal is the same one, in milliseconds: a terminal sends Ctrl-C to npm and to this process alike, and
 * npm passes it on.
 */
const SAME_SIGNAL_MS = 1000

/** How often it is looked whether npm is still there, in milliseconds. */
const PARENT_INTERVAL_MS = 500

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the npm that has started this process is gone: killed, it passes no signal on. One
 * that comes more than a second later ends this process at once: its children are process groups whose guards then kill them.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  let first: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first !== null && performance.now() - first > SAME_SIGNAL_MS) process.exit(1)
      first ??= performance.now()
      controller.abort()
    })
  }
  // Whoever starts it without npm may leave it running on purpose.
  if (process.env.npm_lifecycle_event !== undefined) abortWhenOrphaned(controller)
  return controller.signal
}

function abortWhenOrphaned(controller: AbortController): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    controller.abort()
  }, PARENT_INTERVAL_MS)
  timer.unref()
}
