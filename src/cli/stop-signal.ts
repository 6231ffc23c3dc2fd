/** How a terminal, a service manager or npm tells a command to end. */

/** How often it is looked whether npm is still there, in milliseconds. */
const PARENT_INTERVAL_MS = 500

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the npm that has started this process is gone: killed, it passes no signal on. A
 * second signal ends this process at once: its children are process groups whose guards then kill them.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(1)
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
