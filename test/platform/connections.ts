/** The connections of one invocation that await their headers: as many as the platform allows, and the next one waits. */

export class Connections {
  readonly #most: number
  #open = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** How many wait for one of the others. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Makes a request when there is a connection for it, which it holds until its answer begins. */
  async take<T>(request: () => T): Promise<Awaited<T>> {
    if (this.#open >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#open += 1
    try {
      return await request()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#open -= 1
    }
  }
}
