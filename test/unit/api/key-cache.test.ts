import { expect, test } from 'vitest'
import { KeyCache } from '../../../src/api/key-cache.ts'

test('a key is known for 25 seconds, so that one that is revoked is good for less than a minute with the 30 of KV', () => {
  const cache = new KeyCache()
  cache.set('a', 'acme', 1000)
  expect(cache.get('a', 25_999)).toBe('acme')
  expect(cache.get('a', 26_000)).toBeNull()
  expect(cache.get('b', 1000)).toBeNull()
})

test('memory does not grow with the number of keys', () => {
  const cache = new KeyCache()
  for (let n = 0; n < 10_001; n++) cache.set(`${n}`, 'acme', 0)
  expect(cache.get('0', 0)).toBeNull()
  expect(cache.get('1', 0)).toBe('acme')
  expect(cache.get('10000', 0)).toBe('acme')
})
