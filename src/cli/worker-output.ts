/** What of wrangler's output is worth an operator's attention. */

/** Wrangler's words when workerd has died under it. Its own mending leaves a restarted front without a route to the Worker. */
const WORKERD_CRASH = 'The Workers runtime crashed unexpectedly'

/** Whether this line says that workerd has died. */
export function reportsWorkerdCrash(line: string): boolean {
  return line.includes(WORKERD_CRASH)
}

const NOISE = [
  /^\s*$/,
  // Requests, reloads, "Ready on …".
  /^\[wrangler:info\]/,
  /^⎔/,
  /^Using secrets defined in/,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource/,
  /^env\.\w+ \(/,
  /^The following containers are available:/,
  /^- \S+-\w+ \(/,
]

/** Keeps warnings, errors, stack traces and the Worker's own log lines; drops the list of bindings, requests and reloads. */
export function isWorthShowing(line: string): boolean {
  return !NOISE.some((pattern) => pattern.test(line))
}
