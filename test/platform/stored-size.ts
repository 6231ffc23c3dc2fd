/** How many bytes a value takes where it is stored. Pure. */

/**
 * Bytes of a value as an object's key–value storage has it, which is V8's serialisation: a text has a byte for each character, or two where any
 * of them is outside of Latin-1. What numbers and names of properties take is rounded up.
 */
export function serialisedBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 8 + (isLatin1(value) ? value.length : 2 * value.length)
    case 'object':
      if (value === null) return 1
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 16 + value.byteLength
      return 8 + Object.entries(value).reduce((sum, [name, member]) => sum + serialisedBytes(name) + serialisedBytes(member), 0)
    default:
      return 10
  }
}

/** Bytes of a row that has these values: SQLite keeps texts in UTF-8. */
export function rowBytes(values: readonly unknown[]): number {
  return values.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? new TextEncoder().encode(value).length : serialisedBytes(value)),
    0,
  )
}

function isLatin1(text: string): boolean {
  return /^[\0-\xff]*$/.test(text)
}
