/** What the platform has seen: which limits were broken, and what has been begun and not ended. All objects of a Worker share it. */

export class Ledger {
  /** Each names the limit, and what was done. */
  #violations: string[] = []
  /** Keys of multipart uploads that were neither completed nor aborted, by their ids. */
  readonly openUploads = new Map<string, string>()
  /** How many multipart uploads were begun. */
  uploads = 0
  /** Names of jobs that executors were given and have not been told to wipe. */
  readonly jobs = new Set<string>()
  /** How many objects were evicted in the middle of their lives. */
  evictions = 0
  /** The most bytes that were sent in one request. */
  largestBody = 0
  /** The most bytes of one value or row. */
  largestValue = 0
  /** Bytes in memory that are on their way into the bucket, in all objects together, and the most that were at a time. */
  buffered = 0
  mostBuffered = 0
  /** The most requests of one invocation that have waited for a connection at a time. */
  mostWaiting = 0
  /** The most subrequests of one invocation. */
  mostSubrequests = 0

  /** Records that a limit was broken. Answers what the platform would throw. */
  violate(limit: string, what: string): Error {
    const violation = `${limit}: ${what}`
    this.#violations.push(violation)
    return new Error(violation)
  }

  /** What was broken since it was asked last. */
  takeViolations(): string[] {
    const taken = this.#violations
    this.#violations = []
    return taken
  }
}

export const ledger = new Ledger()
