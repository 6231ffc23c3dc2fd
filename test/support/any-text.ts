/** Any text, for properties that hold for all of them. */
import fc from 'fast-check'

const FIRST_SURROGATE = 0xd800
const SURROGATES = 0x800

const codePoint = fc.integer({ min: 0, max: 0x10ffff - SURROGATES }).map(
  (index) => String.fromCodePoint(index < FIRST_SURROGATE ? index : index + SURROGATES),
  (unit) => {
    const code = typeof unit === 'string' && [...unit].length === 1 ? unit.codePointAt(0) : undefined
    if (code === undefined || (code >= FIRST_SURROGATE && code < FIRST_SURROGATE + SURROGATES)) throw new Error('no code point of a text')
    return code < FIRST_SURROGATE ? code : code - SURROGATES
  },
)

/** What `fc.string({ unit: 'binary' })` makes, which lists all code points first and takes a second for it. */
export const anyText = fc.string({ unit: codePoint })
