/** A request as the media server saw it. */
export interface MediaRequest {
  /** Path and query. */
  target: string
  range: string | null
  ifRange: string | null
}
