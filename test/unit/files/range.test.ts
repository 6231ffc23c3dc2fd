import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ifNoneMatch, ifRangeHolds, parseRange } from '../../../src/files/range.ts'

const whole = { kind: 'whole' }
const unsatisfiable = { kind: 'unsatisfiable' }
const part = (offset: number, length: number) => ({ kind: 'part', offset, length })

describe('parseRange', () => {
  it.each([
    [null, 100, whole],
    ['bytes=0-', 100, part(0, 100)],
    ['bytes=0-0', 100, part(0, 1)],
    ['bytes=0-49', 100, part(0, 50)],
    ['bytes=50-', 100, part(50, 50)],
    ['bytes=99-', 100, part(99, 1)],
    ['bytes=10-1000', 100, part(10, 90)],
    ['bytes=-1', 100, part(99, 1)],
    ['bytes=-100', 100, part(0, 100)],
    ['bytes=-1000', 100, part(0, 100)],
    ['BYTES=0-1', 100, part(0, 2)],
    ['bytes= 0-1 ', 100, part(0, 2)],
    ['bytes=0-99999999999999999999999', 100, part(0, 100)],
    ['bytes=100-', 100, unsatisfiable],
    ['bytes=100-200', 100, unsatisfiable],
    ['bytes=-0', 100, unsatisfiable],
    [`bytes=${'9'.repeat(400)}-`, 100, unsatisfiable],
    ['bytes=0-', 0, unsatisfiable],
    ['bytes=-5', 0, whole],
    ['bytes=0-1,5-6', 100, whole],
    ['bytes=5-4', 100, whole],
    ['bytes=-', 100, whole],
    ['bytes=', 100, whole],
    ['bytes', 100, whole],
    ['', 100, whole],
    ['items=0-1', 100, whole],
    ['bytes=a-b', 100, whole],
    ['bytes=0x1-2', 100, whole],
    ['bytes=-1-2', 100, whole],
    ['bytes=1.5-2', 100, whole],
    ['bytes 0-1', 100, whole],
  ])('reads %j of %i bytes', (header, size, range) => {
    expect(parseRange(header, size)).toEqual(range)
  })

  it('never asks for a byte that is not there', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((n) => `bytes=-${n}`),
    )
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const range = parseRange(text, size)
        return range.kind !== 'part' || (range.offset >= 0 && range.length > 0 && range.offset + range.length <= size)
      }),
    )
  })
})

describe('ifNoneMatch', () => {
  it.each([
    [null, false],
    ['"abc"', true],
    ['W/"abc"', true],
    ['*', true],
    ['"x", "abc"', true],
    ['"x","y"', false],
    ['"a,b", W/"abc"', true],
    ['abc', false],
    ['"ab"', false],
    ['', false],
  ])('%j against "abc"', (header, matches) => {
    expect(ifNoneMatch(header, '"abc"')).toBe(matches)
  })
})

describe('ifRangeHolds', () => {
  const modified = new Date('2026-11-20T10:00:00.500Z')
  it.each([
    [null, true],
    ['"abc"', true],
    ['"x"', false],
    ['W/"abc"', false],
    ['Fri, 20 Nov 2026 10:00:00 GMT', true],
    ['Fri, 20 Nov 2026 10:00:01 GMT', false],
    ['Fri, 20 Nov 2026 09:59:59 GMT', false],
    ['2026-11-20', false],
    ['', false],
  ])('%j', (header, holds) => {
    expect(ifRangeHolds(header, '"abc"', modified)).toBe(holds)
  })

  it('never holds by a weak ETag', () => {
    expect(ifRangeHolds('W/"abc"', 'W/"abc"', modified)).toBe(false)
  })
})
