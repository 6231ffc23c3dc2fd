import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentHeaders, storedHeaders } from '../../../src/files/content.ts'
import { anyText } from '../../support/any-text.ts'

describe('contentHeaders', () => {
  it.each([
    ['a.mp4', 'video/mp4'],
    ['a.webm', 'video/webm'],
    ['a.mov', 'video/quicktime'],
    ['a.mkv', 'video/x-matroska'],
    ['a.mp3', 'audio/mpeg'],
    ['a.wav', 'audio/wav'],
    ['a.ogg', 'audio/ogg'],
    ['a.flac', 'audio/flac'],
    ['a.m4a', 'audio/mp4'],
    ['a.aac', 'audio/aac'],
    ['a.png', 'image/png'],
    ['a.JPG', 'image/jpeg'],
    ['a.webp', 'image/webp'],
    ['a.gif', 'image/gif'],
    ['a.avif', 'image/avif'],
    ['a.vtt', 'text/vtt; charset=utf-8'],
    ['a.m3u8', 'application/vnd.apple.mpegurl'],
    ['a.ts', 'video/mp2t'],
    ['a.m4s', 'video/iso.segment'],
    ['a.json', 'application/json'],
    ['a.b.txt', 'text/plain; charset=utf-8'],
  ])('shows %s as %s', (filename, type) => {
    expect(contentHeaders(filename)).toMatchObject({ 'Content-Type': type, 'Content-Disposition': `inline; filename="${filename}"` })
  })

  it.each([
    ['a.mpd', 'application/dash+xml'],
    ['a.zip', 'application/zip'],
    ['a.srt', 'application/x-subrip; charset=utf-8'],
    ['a.ass', 'text/x-ssa; charset=utf-8'],
  ])('keeps the type of %s, but only as a download', (filename, type) => {
    expect(contentHeaders(filename)).toMatchObject({ 'Content-Type': type, 'Content-Disposition': `attachment; filename="${filename}"` })
  })

  it.each([
    'a.svg',
    'a.SVG',
    'a.html',
    'a.htm',
    'a.xhtml',
    'a.xml',
    'a.js',
    'a.mjs',
    'a.css',
    'a.pdf',
    'a.wasm',
    'a.swf',
    'a.constructor',
    'a.__proto__',
    'a',
    'a.',
    '.mp4x',
  ])('serves %s as an opaque download', (filename) => {
    expect(contentHeaders(filename)).toMatchObject({
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${filename}"`,
    })
  })

  it.each([
    ['video/mp4', 'video/mp4'],
    ['Audio/FLAC', 'audio/flac'],
    ['text/plain; charset=UTF-8', 'text/plain; charset=utf-8'],
    ['text/plain; charset=utf-7', 'text/plain'],
    ['video/mp4, text/html', 'application/octet-stream'],
    ['video/mp4\r\nX: y', 'application/octet-stream'],
    ['text/html', 'application/octet-stream'],
    ['text/html; video/mp4', 'application/octet-stream'],
    ['image/svg+xml', 'application/octet-stream'],
    ['application/xhtml+xml', 'application/octet-stream'],
    ['application/atom+xml', 'application/octet-stream'],
    ['nonsense', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('takes the stored type %j of a file without an extension as %s', (stored, type) => {
    expect(contentHeaders('file', stored)['Content-Type']).toBe(type)
  })

  it('goes by the extension before the stored type', () => {
    expect(contentHeaders('a.html', 'video/mp4')['Content-Type']).toBe('application/octet-stream')
    expect(contentHeaders('a.mp4', 'text/html')['Content-Type']).toBe('video/mp4')
  })

  it('forbids sniffing and scripts for every file', () => {
    for (const filename of ['a.mp4', 'a.svg', 'a']) {
      const headers = contentHeaders(filename)
      expect(headers['X-Content-Type-Options']).toBe('nosniff')
      expect(headers['Content-Security-Policy']).toMatch(/^sandbox; default-src 'none'/)
      expect(headers['Content-Security-Policy']).not.toMatch(/allow-scripts|script-src/)
    }
  })

  it.each([
    ['größe.mp4', `inline; filename="gr__e.mp4"; filename*=UTF-8''gr%C3%B6%C3%9Fe.mp4`],
    ['🎬.mp4', `inline; filename="_.mp4"; filename*=UTF-8''%F0%9F%8E%AC.mp4`],
    ['a"b\\c.mp4', `inline; filename="a_b_c.mp4"; filename*=UTF-8''a%22b%5Cc.mp4`],
    ['100%.mp4', `inline; filename="100_.mp4"; filename*=UTF-8''100%25.mp4`],
    ["it's (1).mp4", `inline; filename="it's (1).mp4"`],
    ['a\r\nX-Evil: 1.mp4', `inline; filename="a__X-Evil: 1.mp4"; filename*=UTF-8''a%0D%0AX-Evil%3A%201.mp4`],
  ])('names %j for every client', (filename, disposition) => {
    expect(contentHeaders(filename)['Content-Disposition']).toBe(disposition)
  })

  it('makes valid headers of any name and type', () => {
    fc.assert(
      fc.property(anyText, anyText, (filename, stored) => {
        new Headers(contentHeaders(filename, stored))
        new Headers(contentHeaders(`${filename}.mp4`))
      }),
    )
  })
})

describe('storedHeaders', () => {
  it.each(['a.mp4', 'a.svg', 'größe.mpd'])('tell R2 of %s what the Worker itself would say', (filename) => {
    const headers = contentHeaders(filename)
    expect(storedHeaders(filename)).toEqual({ contentType: headers['Content-Type'], contentDisposition: headers['Content-Disposition'] })
  })
})
