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

test('a key that KV did not know is not asked for again for three seconds, and then it is', () => {
  const cache = new KeyCache()
  cache.setUnknown('a', 1000)
  expect(cache.isUnknown('a', 3999)).toBe(true)
  expect(cache.isUnknown('a', 4000)).toBe(false)
  expect(cache.isUnknown('b', 1000)).toBe(false)
  expect(cache.get('a', 1000)).toBeNull()
})

test('bad keys neither fill the memory nor push out good ones', () => {
  const cache = new KeyCache()
  cache.set('good', 'acme', 0)
  for (let n = 0; n < 10_001; n++) cache.setUnknown(`${n}`, 0)
  expect(cache.isUnknown('0', 0)).toBe(false)
  expect(cache.isUnknown('10000', 0)).toBe(true)
  expect(cache.get('good', 0)).toBe('acme')
})
