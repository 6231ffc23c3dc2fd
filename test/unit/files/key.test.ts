import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePathPart, fileKey } from '../../../src/files/key.ts'

describe('fileKey', () => {
  it('is <account>/<file_id>/<filename>', () => {
    expect(fileKey('acme', 'f1', 'größe 100%.mp4')).toBe('acme/f1/größe 100%.mp4')
  })

  it.each([
    ['a/b', 'f1', 'x'],
    ['acme', '', 'x'],
    ['acme', '..', 'x'],
    ['acme', 'f1', '../f2/x'],
    ['acme', 'f1', '.'],
    ['acme', 'f1', ''],
  ])('never leaves its folder: %j, %j, %j', (account, fileId, filename) => {
    expect(() => fileKey(account, fileId, filename)).toThrow(TypeError)
  })
})

describe('encodePathPart', () => {
  it('leaves only unreserved characters, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodePathPart(text)
        return /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/.test(encoded) && decodeURIComponent(encoded) === text
      }),
    )
  })
})
