/** What the tests bind beside the Worker's own settings. */
declare namespace Cloudflare {
  interface Env {
    /** Origin of the media server. */
    MEDIA_URL: string
    /** Origin of the webhook receiver. */
    RECEIVER_URL: string
    URL_SIGNING_SECRET: string
  }
}
