import { describe, expect, it } from 'vitest'
import { contentsFault, type FileUse } from '../../../src/outbound/contents-fault.ts'

const PAGE = '<!DOCTYPE html><html><head><title>Video</title>'

interface Case {
  body: string
  filename?: string
  use?: FileUse
  url?: string
  answeredBy?: string
  type?: string | null
}

function faultOf({
  body,
  filename = 'in_v',
  use = 'input',
  url = 'https://cdn.example/v',
  answeredBy = url,
  type = null,
}: Case): string | null {
  const from = { kind: 'url', url, answeredBy: new URL(answeredBy) } as const
  return contentsFault({ bytes: new TextEncoder().encode(body), contentType: type, from }, filename, use)
}

describe('a link that shows a page says so, and what to write instead', () => {
  it.each([
    ['https://cdn.example/v.mp4', 'cdn.example answered with HTML; use a direct link to the file'],
    ['https://www.dropbox.com/s/abc/v.mp4?dl=0', 'www.dropbox.com answered with HTML; end the link in dl=1 instead of dl=0'],
    ['https://drive.google.com/file/d/1/view', 'drive.usercontent.google.com/download?id=FILE_ID'],
    ['https://github.com/o/r/blob/main/v.mp4', 'replace /blob/ by /raw/'],
    ['https://1drv.ms/v/s!A', 'download=1'],
    ['https://we.tl/t-abc', 'POST /api/v1/files/upload'],
    ['https://www.youtube.com/watch?v=9bZkp7q19f0', 'videos are not taken from the pages of sites'],
  ])('%s', (url, advice) => {
    expect(faultOf({ body: PAGE, url })).toContain(`is a web page (text/html), not media: `)
    expect(faultOf({ body: PAGE, url })).toContain(advice)
  })

  it('also after a redirect, and where it asks to sign in', () => {
    const url = 'https://files.example/v.mp4'
    expect(faultOf({ body: PAGE, url, answeredBy: 'https://www.example/gone' })).toBe(
      'is a web page (text/html), not media: files.example led to www.example, which answered with HTML; use a direct link to the file',
    )
    expect(faultOf({ body: PAGE, url, answeredBy: 'https://www.example/login?next=v' })).toBe(
      'is a web page (text/html), not media: files.example led to www.example, which answered with HTML that asks to sign in; use a direct link to the file that works without an account',
    )
  })
})

it('a file of ours is judged too', () => {
  const from = { kind: 'own', filename: 'page.html' } as const
  expect(contentsFault({ bytes: new TextEncoder().encode(PAGE), contentType: null, from }, 'in_v.html', 'input')).toBe(
    'is a web page (text/html), not media: the stored file page.html holds HTML; store the file itself, by a direct link to it',
  )
})

it('a playlist as an input says what to do with it', () => {
  expect(faultOf({ body: '#EXTM3U\n', url: 'https://cdn.example/live?f=h' })).toMatch(
    /^is an HLS playlist .*input_compressed_folder, and write -i index\.m3u8/,
  )
  expect(faultOf({ body: '#EXTM3U\n', url: 'https://cdn.example/a/low.m3u8?x' })).toContain('write -i low.m3u8')
  expect(faultOf({ body: '<MPD xmlns="x">' })).toContain('is a DASH manifest')
})

describe('what is certainly no media is refused under the name of media, and quoted', () => {
  it.each<[Case, string]>([
    [
      { body: '{"error":{"message":"Video not ready"}}', filename: 'in_v.mp4', type: 'application/json' },
      'is JSON (application/json), not media: cdn.example answered with "Video not ready"; use a direct link to the file',
    ],
    [
      { body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>', filename: 'x.png' },
      'is XML (application/xml), not media: cdn.example answered with "AccessDenied: Request has expired"; use a direct link to the file',
    ],
    [
      { body: 'Access denied', filename: 'x.png' },
      'is text (text/plain), not media: cdn.example answered with "Access denied"; use a direct link to the file',
    ],
    [
      { body: '%PDF-1.7', filename: 'v.mp4', use: 'stored' },
      'is a PDF document (application/pdf), not media: cdn.example answered with it; use a direct link to the file',
    ],
  ])('%j', (given, message) => {
    expect(faultOf(given)).toBe(message)
  })

  it('where the name leaves it open, it is not', () => {
    expect(faultOf({ body: '{"a":1}', filename: 'in_text.json' })).toBeNull()
    expect(faultOf({ body: '{"a":1}' })).toBeNull()
    expect(faultOf({ body: 'Some words to draw', filename: 'in_text.txt' })).toBeNull()
    expect(faultOf({ body: 'PK\x03\x04', filename: 'kit.zip', use: 'stored' })).toBeNull()
    expect(faultOf({ body: '#EXTM3U', filename: 'a.m3u8', use: 'stored' })).toBeNull()
  })
})

describe('an archive has to be a zip', () => {
  it.each([
    [PAGE, 'is a web page (text/html), not a zip archive: cdn.example answered with HTML; use a direct link to the file'],
    ['Rar!\x1a\x07\0', 'is not a zip archive but a RAR archive; make a zip of the files and use its link'],
    ['{"a":1}', 'is not a zip archive but JSON (application/json); make a zip of the files and use its link'],
    ['', 'is empty'],
  ])('%j', (body, message) => {
    expect(faultOf({ body, use: 'archive' })).toBe(message)
  })

  it('and one that may be is unpacked', () => {
    expect(faultOf({ body: 'PK\x03\x04', use: 'archive' })).toBeNull()
    expect(faultOf({ body: 'MZ\x90\0', use: 'archive' })).toBeNull()
  })
})

it('a font that is something else is told as such, since FFmpeg would draw with another one', () => {
  expect(faultOf({ body: '{"error":"gone"}', filename: 'in_f.ttf' })).toContain('is JSON (application/json), not a font: ')
  expect(faultOf({ body: PAGE, filename: 'in_f.otf' })).toContain('is a web page (text/html), not a font: ')
  expect(faultOf({ body: 'OTTO\0\x0b', filename: 'in_f.otf' })).toBeNull()
})
