import { expect, test } from 'vitest'
import { strongValidator } from '../../../src/outbound/validator.ts'

test.for<[headers: Record<string, string>, expected: string | null]>([
  [{ etag: '"a"' }, '"a"'],
  [{ etag: '"a"', 'last-modified': 'Mon, 30 Nov 2026 00:00:00 GMT' }, '"a"'],
  [{ etag: 'W/"a"' }, null],
  [{ etag: 'W/"a"', 'last-modified': 'Mon, 30 Nov 2026 00:00:00 GMT' }, 'Mon, 30 Nov 2026 00:00:00 GMT'],
  [{}, null],
])('a file with %j is gone on with by %j', ([headers, expected]) => {
  expect(strongValidator(new Headers(headers))).toBe(expected)
})

test('a validator that is too long to be kept counts as none', () => {
  expect(strongValidator(new Headers({ etag: `"${'a'.repeat(998)}"` }))).toHaveLength(1000)
  expect(strongValidator(new Headers({ etag: `"${'a'.repeat(999)}"` }))).toBeNull()
})
