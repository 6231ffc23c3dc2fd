/** How a terminal or a service manager tells a command to end. */

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP. A second one ends this process at once:
 * its children are process groups whose guards then kill them.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(1)
      controller.abort()
    })
  }
  return controller.signal
}
