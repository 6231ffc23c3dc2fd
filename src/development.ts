/**
 * The defaults with which `npx wrangler dev` works at once, where `DEVELOPMENT_DEFAULTS` is on. Everyone knows these values, so they hold
 * on this machine only. Runs in workerd and in Node.
 */

/** The key that `npx wrangler dev` accepts. It is never in the store of keys, and no other way of running the service accepts it. */
export const DEVELOPMENT_API_KEY = `ffsk_${'de'.repeat(32)}`
/** Whose key it is. */
export const DEVELOPMENT_ACCOUNT = 'default'
/** Stands in for `URL_SIGNING_SECRET`. */
export const DEVELOPMENT_SIGNING_SECRET = 'for-development-only-everyone-knows-this-secret'
/** Stands in for `EXECUTOR_TOKEN`. */
export const DEVELOPMENT_EXECUTOR_TOKEN = 'for-development-only-everyone-knows-this-token'
/** Where `npm run executor` listens, on the loopback interface. */
export const DEVELOPMENT_EXECUTOR_PORT = 8790

/** Names of the variables whose values everyone knows: where there are any, the service must not be reached from elsewhere. */
export function publiclyKnown(vars: Readonly<Record<string, unknown>>): string[] {
  const known = {
    DEVELOPMENT_DEFAULTS: 'on',
    URL_SIGNING_SECRET: DEVELOPMENT_SIGNING_SECRET,
    EXECUTOR_TOKEN: DEVELOPMENT_EXECUTOR_TOKEN,
  }
  return Object.entries(known).flatMap(([name, value]) => (vars[name] === value ? [name] : []))
}

/** Whether the host name of a URL is this machine's own, which nobody else can reach. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}
