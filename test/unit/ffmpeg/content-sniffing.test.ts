import { describe, expect, it } from 'vitest'
import { type ContentKind, isNamedAsMedia, sniff } from '../../../src/ffmpeg/content-sniffing.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const raw = (latin1: string) => Uint8Array.from(latin1, (character) => character.charCodeAt(0))
const utf16 = (text: string) => Uint8Array.from(Buffer.from(`\ufeff${text}`, 'utf16le'))

const MP4 = raw('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41')

describe('what is no media is known by its first bytes', () => {
  it.each<[what: string, head: Uint8Array, type: string | null, kind: ContentKind]>([
    ['nothing', bytes(''), 'video/mp4', 'empty'],
    ['a page', bytes('<!DOCTYPE html><html><head>'), 'text/html', 'web_page'],
    ['a page called a video', bytes('\n\n  <!doctype HTML>\n<html>'), 'video/mp4', 'web_page'],
    ['a page without a type', bytes('<html lang="en">'), null, 'web_page'],
    ['a page in UTF-16', utf16('<!DOCTYPE html><html>'), null, 'web_page'],
    ['a page after a byte order mark and comments', bytes('\ufeff<!-- a -- b --><!-- c --><html>'), null, 'web_page'],
    ['XHTML', bytes('<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html>'), null, 'web_page'],
    ['a redirect by script', bytes('<script>location="/x"</script>'), null, 'web_page'],
    ['a part of a page, sent as one', bytes('<center><h1>502 Bad Gateway</h1></center>'), 'text/html', 'web_page'],
    ['an HLS playlist', bytes('#EXTM3U\n#EXT-X-VERSION:3\n'), 'text/plain', 'hls'],
    ['a DASH manifest', bytes('<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">'), null, 'dash'],
    ['a zip archive', raw('PK\x03\x04\x14\0\0\0\x08\0'), null, 'zip'],
    ['a document of an office program', raw('PK\x03\x04\x14\0\0\0\x08\0xxxx[Content_Types].xml'), null, 'zip'],
    ['a RAR archive', raw('Rar!\x1a\x07\x01\0'), null, 'archive'],
    ['a 7z archive', raw("7z\xbc\xaf'\x1c\0\x04"), null, 'archive'],
    ['a tar archive, packed', raw('\x1f\x8b\x08\0\0\0\0\0'), null, 'archive'],
    ['a tar archive', raw(`a.mp4${'\0'.repeat(252)}ustar\0`), null, 'archive'],
    ['a PDF', bytes('%PDF-1.7\n'), 'video/mp4', 'foreign'],
    ['an error in JSON', bytes('{"error":"not found"}'), 'application/json', 'foreign'],
    ['an array in JSON', bytes('[ {"a": 1} ]'), null, 'foreign'],
    ['an error in XML', bytes('<?xml version="1.0"?><Error><Code>AccessDenied</Code>'), 'application/xml', 'foreign'],
    ['an error in XML without a declaration', bytes('<Error><Code>AccessDenied</Code></Error>'), null, 'foreign'],
    ['a link in a file', bytes('https://example.com/a.mp4\n'), null, 'foreign'],
    ['a shortcut', bytes('[InternetShortcut]\r\nURL=https://example.com/'), null, 'foreign'],
    ['a pointer of Git LFS', bytes('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'), null, 'foreign'],
    ['a sentence', bytes('Access denied.'), 'text/html', 'text'],
  ])('%s', (_, head, type, kind) => {
    expect(sniff(head, type).kind).toBe(kind)
  })
})

describe('what FFmpeg may read is left to it', () => {
  it.each<[what: string, head: Uint8Array, type: string | null]>([
    ['a video that is sent as a page', MP4, 'text/html'],
    ['a video that is sent as text', MP4, 'text/plain'],
    ['a video without a type', MP4, null],
    ['subtitles that are sent as a page', bytes('1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hello</i>\r\n'), 'text/html'],
    ['WebVTT', bytes('WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n'), 'text/html'],
    ['TTML', bytes('<?xml version="1.0" encoding="utf-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml">'), 'application/xml'],
    ['SAMI', bytes('<SAMI>\n<HEAD>\n'), 'text/html'],
    [
      'SVG',
      bytes('<?xml version="1.0"?>\n<!-- Made by hand -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<svg>'),
      'image/svg+xml',
    ],
    ['SVG that is sent as a page', bytes('<svg xmlns="http://www.w3.org/2000/svg">'), 'text/html'],
    ['SubStation', bytes('[Script Info]\nScriptType: v4.00+\n'), null],
    ['MicroDVD', bytes('{1}{25}Hello'), null],
    ['lyrics', bytes('[00:12.00]Line\n'), null],
    ['a list', bytes("file 'a.mp4'\nfile 'b.mp4'\n"), null],
    ['metadata', bytes(';FFMETADATA1\ntitle=x\n'), null],
    ['a bitmap in text', bytes('P3\n2 2\n255\n'), null],
    ['a WAV file that is cut', bytes('RIFF'), null],
    ['silence', new Uint8Array(1445), null],
  ])('%s', (_, head, type) => {
    expect(sniff(head, type).kind).toBe('unknown')
  })
})

it('a name tells media only where nothing else goes by it', () => {
  expect(['a.mp4', 'a.PNG', 'in_v.mp3'].every(isNamedAsMedia)).toBe(true)
  expect(['a.srt', 'a.txt', 'a.svg', 'a.zip', 'in_v', 'mp4'].some(isNamedAsMedia)).toBe(false)
})
