import { expect, test } from 'vitest'
import { parseBrowserOrigins } from '../../src/browser-origins.ts'

test('origins are read as browsers send them', () => {
  const read = parseBrowserOrigins(' https://app.example.com ,http://LOCALHOST:5173/, https://other.example.com:443,')
  expect(read).toEqual({
    everything: false,
    origins: new Set(['https://app.example.com', 'http://localhost:5173', 'https://other.example.com']),
  })
  expect(parseBrowserOrigins('')).toEqual({ everything: false, origins: new Set() })
  expect(parseBrowserOrigins('https://a.example.com, *')).toEqual({ everything: true })
})

test.each([
  'app.example.com',
  'localhost:5173',
  'https://app.example.com/path',
  'https://*.example.com/x',
  'null',
  'ftp://example.com',
  'https://a@example.com',
])('%j is no origin, and the message names it', (entry) => {
  expect(() => parseBrowserOrigins(entry)).toThrow(`ALLOWED_ORIGINS: "${entry}" is no origin`)
})
