/** What of the output of Miniflare, and of wrangler around it, is worth an operator's attention. */

/** Miniflare's words when workerd has died under it. It starts another one, which wrangler's front does not find. */
const WORKERD_CRASH = 'The Workers runtime crashed unexpectedly'

/** Whether this line says that workerd has died. */
export function reportsWorkerdCrash(line: string): boolean {
  return line.includes(WORKERD_CRASH)
}

/** What the local Worker's program prints once the Worker knows the API key that it was given. */
export const KEY_IS_STORED = 'The API key is stored'

const NOISE = [
  /^\s*$/,
  // `[build]` in wrangler.toml, which has nothing to do.
  /^\[custom build\] Running:/,
  // Requests, reloads, "Ready on …".
  /^\[wrangler:info\]/,
  /^⎔/,
  /^Using secrets defined in/,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource/,
  /^env\.\w+ \(/,
  /^The following containers are available:/,
  /^- \S+-\w+ \(/,
  // V8's flags are not those that workerd's own scripts were compiled with beforehand, so they are compiled at its start.
  /compile cache failed its compatibility check/,
]

/** Keeps warnings, errors, stack traces and the Worker's own log lines; drops the list of bindings, requests and reloads. */
export function isWorthShowing(line: string): boolean {
  return !NOISE.some((pattern) => pattern.test(line))
}
