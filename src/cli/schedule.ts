/** What a Cron Trigger does on Cloudflare: calls the Worker again and again for what nobody asks it for. */

/** Where wrangler's development server takes the call. */
export const SCHEDULED_PATH = '/cdn-cgi/handler/scheduled'

/** The time between two calls, in milliseconds. On Cloudflare it is minutes, where each is paid for. */
const PAUSE_MS = 15_000

/** Makes the calls until the function that it returns is called, or the program ends. One that fails is made good by the next. */
export function callRegularly(call: () => Promise<unknown>): () => void {
  const timer = setInterval(() => void call().catch(() => undefined), PAUSE_MS)
  timer.unref()
  return () => clearInterval(timer)
}
