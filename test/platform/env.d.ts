/** What this layer binds beside the Worker's own settings. */
declare namespace Cloudflare {
  interface Env {
    /** From which chance follows. */
    SEED: string
  }
}
