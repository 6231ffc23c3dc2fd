/** What one alarm may take, and how often objects speak to each other: the platform's limits, and the room that is left below them. */

export interface EngineLimits {
  /** Wall time of one alarm's work, in milliseconds. The platform ends an alarm after 15 minutes. */
  sliceMs: number
  /** Should an alarm die without a word, the next one comes this much later, in milliseconds. */
  watchdogMs: number
  /** Requests to other objects, the bucket, the executor and the network in one alarm. The platform allows 10,000, and older pages 1,000. */
  requests: number
  /** Unexpected faults in a row before the work is given up. */
  faults: number
  /** A slot's lease is renewed so often, in milliseconds: twice before it runs out. Each costs a request and a row. */
  leaseRenewalMs: number
  /**
   * How long an object that waits for a slot sleeps, in milliseconds: between these two, drawn anew each time, so that thousands do not
   * ask together. Its account wakes it when its turn has come; this is for a wake-up that was lost for good.
   */
  askAgainMs: { min: number; max: number }
  /** The most bytes in the body of one request. */
  pieceBytes: number
  /** Transfers at a time in one alarm. The platform lets six connections await their headers, and others need one too. */
  transfersAtOnce: number
}

export const ENGINE_LIMITS: EngineLimits = {
  sliceMs: 10 * 60_000,
  watchdogMs: 2_000,
  requests: 500,
  faults: 5,
  leaseRenewalMs: 25_000,
  askAgainMs: { min: 30 * 60_000, max: 60 * 60_000 },
  pieceBytes: 64 * 1024 * 1024,
  transfersAtOnce: 4,
}
