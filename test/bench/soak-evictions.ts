/** What the soak's Worker prints when it evicts an object, for whoever counts. */
export const EVICTED_LINE = 'The soak evicts an object'
