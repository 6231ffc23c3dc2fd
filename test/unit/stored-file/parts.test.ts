import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkParts, MAX_PARTS, PART_BYTES, partCount, partLength } from '../../../src/stored-file/parts.ts'

describe('the cut of a file into parts', () => {
  it('has all bytes once, all parts equal but the last, and none empty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 700 }), (size, part) => {
        const lengths = Array.from({ length: partCount(size, part) }, (_, n) => partLength(n + 1, size, part) ?? 0)
        expect(lengths.reduce((a, b) => a + b, 0)).toBe(size)
        expect(lengths.slice(0, -1).every((length) => length === part)).toBe(true)
        expect(lengths.at(-1)).toBeGreaterThan(0)
        expect([partLength(0, size, part), partLength(lengths.length + 1, size, part)]).toEqual([null, null])
      }),
    )
  })

  it('suits R2 and the Worker', () => {
    expect(PART_BYTES).toBeGreaterThanOrEqual(5 * 1024 * 1024)
    expect(PART_BYTES).toBeLessThan(100_000_000)
    expect(MAX_PARTS).toBe(10_000)
  })
})

describe('checkParts', () => {
  const stored = { 1: 'a', 2: 'b' }

  it.each([
    [
      [
        { part_number: 2, etag: '"b"' },
        { part_number: 1, etag: 'a' },
      ],
    ],
    [
      [
        { part_number: 1, etag: ' "a" ' },
        { part_number: 2, etag: 'b' },
      ],
    ],
  ])('accepts every part, in any order, its ETag with or without quotes', (given) => {
    expect(checkParts(given, 2, stored)).toEqual([])
  })

  it.each([
    ['a part that is missing', [{ part_number: 1, etag: 'a' }], [[['parts'], 'part 2 is missing']]],
    [
      'a part that is listed twice',
      [
        { part_number: 1, etag: 'a' },
        { part_number: 2, etag: 'b' },
        { part_number: 1, etag: 'a' },
      ],
      [[['parts', 2, 'part_number'], 'part 1 is listed twice']],
    ],
    [
      'a part that does not exist',
      [
        { part_number: 1, etag: 'a' },
        { part_number: 2, etag: 'b' },
        { part_number: 3, etag: 'c' },
      ],
      [[['parts', 2, 'part_number'], 'there is no part 3: the file has 2']],
    ],
    [
      'a wrong ETag',
      [
        { part_number: 1, etag: 'a' },
        { part_number: 2, etag: 'x' },
      ],
      [[['parts', 1, 'etag'], 'part 2 has another ETag; send the one that its last PUT was answered with']],
    ],
    [
      'nothing at all',
      [],
      [
        [['parts'], 'part 1 is missing'],
        [['parts'], 'part 2 is missing'],
      ],
    ],
  ])('names %s', (_, given, faults) => {
    expect(checkParts(given, 2, stored).map(({ loc, msg }) => [loc, msg])).toEqual(faults)
  })

  it('names a part that has not been uploaded', () => {
    const given = [
      { part_number: 1, etag: 'a' },
      { part_number: 2, etag: 'b' },
    ]
    expect(checkParts(given, 2, { 1: 'a' })).toEqual([
      { loc: ['parts', 1, 'part_number'], msg: 'part 2 has not been uploaded', type: 'value_error' },
    ])
  })

  it('names so many faults at most that an answer stays readable', () => {
    expect(checkParts([], 10_000, {})).toHaveLength(50)
  })
})
