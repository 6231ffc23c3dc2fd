/** What an isolate makes at most once, when it is first needed. */

/** Makes something at the first call, and answers the same from then on. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
