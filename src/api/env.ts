/** What every route finds in its Hono context. */
import type { RequestIdVariables } from 'hono/request-id'

export interface ApiEnv {
  Bindings: Env
  Variables: RequestIdVariables & {
    /** The account that the request's API key stands for. */
    account: string
    /** SHA-256 of that key in hex: by it the requests are counted. */
    keyHash: string
  }
}
