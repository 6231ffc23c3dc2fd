/** Who waits for something about a command; nothing of a wait outlives it. */
export class Watchers {
  readonly #looks = new Set<() => void>()

  /** Has everybody who waits look again. */
  changed(): void {
    for (const look of this.#looks) look()
  }

  /** Resolves once `holds` does, which is looked at now and at every change, or when the time is over. */
  until(holds: () => boolean, milliseconds: number): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => {
      const leave = () => {
        clearTimeout(timer)
        this.#looks.delete(look)
        resolve()
      }
      const look = () => {
        if (holds()) leave()
      }
      const timer = setTimeout(leave, milliseconds)
      this.#looks.add(look)
    })
  }

  get count(): number {
    return this.#looks.size
  }
}
