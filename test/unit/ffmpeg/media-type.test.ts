import { describe, expect, test } from 'vitest'
import { mediaFacts } from '../../../src/ffmpeg/media.ts'
import { mediaType, mediaTypeOfName } from '../../../src/ffmpeg/media-type.ts'
import { contentHeaders } from '../../../src/files/content.ts'

const TYPES: Record<string, string> = {
  ...types('video/mp4', 'mp4 m4v f4v'),
  ...types('audio/mp4', 'm4a m4b m4r f4a'),
  ...types('video/quicktime', 'mov qt'),
  ...types('video/3gpp', '3gp'),
  ...types('video/webm', 'webm'),
  ...types('video/x-matroska', 'mkv mk3d'),
  ...types('audio/x-matroska', 'mka'),
  ...types('video/x-flv', 'flv'),
  ...types('video/x-msvideo', 'avi'),
  ...types('video/x-ms-wmv', 'wmv'),
  ...types('audio/x-ms-wma', 'wma'),
  ...types('video/x-ms-asf', 'asf'),
  ...types('video/mp2t', 'ts m2ts mts'),
  ...types('video/mpeg', 'mpg mpeg m2v vob'),
  ...types('video/ogg', 'ogv'),
  ...types('audio/ogg', 'ogg oga opus spx'),
  ...types('application/mxf', 'mxf'),
  ...types('audio/mpeg', 'mp3 mp2'),
  ...types('audio/aac', 'aac'),
  ...types('audio/ac3', 'ac3'),
  ...types('audio/eac3', 'eac3 ec3'),
  ...types('audio/vnd.dts', 'dts'),
  ...types('audio/wav', 'wav'),
  ...types('audio/aiff', 'aiff aif'),
  ...types('audio/x-caf', 'caf'),
  ...types('audio/x-w64', 'w64'),
  ...types('audio/flac', 'flac'),
  ...types('audio/amr', 'amr'),
  ...types('image/png', 'png'),
  ...types('image/jpeg', 'jpg jpeg'),
  ...types('image/gif', 'gif'),
  ...types('image/apng', 'apng'),
  ...types('image/webp', 'webp'),
  ...types('image/avif', 'avif'),
  ...types('image/heic', 'heic'),
  ...types('image/jxl', 'jxl'),
  ...types('image/tiff', 'tif tiff'),
  ...types('image/bmp', 'bmp'),
  ...types('text/vtt', 'vtt'),
  ...types('text/x-ssa', 'ass ssa'),
  ...types('application/x-subrip', 'srt'),
  ...types('application/ttml+xml', 'ttml'),
  ...types('font/ttf', 'ttf'),
  ...types('font/otf', 'otf'),
  ...types('application/vnd.apple.mpegurl', 'm3u8'),
  ...types('application/dash+xml', 'mpd'),
  ...types('video/iso.segment', 'm4s'),
  ...types('application/zip', 'zip'),
  ...types('application/json', 'json'),
  ...types('text/plain', 'txt log'),
  ...types('text/csv', 'csv'),
  ...types('application/octet-stream', 'cube bin unheardof'),
}

function types(type: string, extensions: string): Record<string, string> {
  return Object.fromEntries(extensions.split(' ').map((extension) => [`a.${extension}`, type]))
}

describe('an answer and a download call a file the same', () => {
  test.each(Object.entries(TYPES))('%s is %s', (filename, type) => {
    expect(mediaFacts({}, filename).mime_type).toBe(type)
    expect(mediaFacts({}, filename.toUpperCase()).mime_type).toBe(type)
    expect(contentHeaders(filename)['Content-Type']?.split(';')[0]).toBe(type)
  })

  test.each(['a.html', 'a.svg', 'a.js', 'a.xhtml', 'a.pdf', 'a.xml'])(
    'but for %s, which a browser could run: the download is opaque',
    (filename) => {
      expect(mediaTypeOfName(filename)).not.toBeNull()
      expect(contentHeaders(filename)).toMatchObject({
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': expect.stringMatching(/^attachment/),
      })
    },
  )
})

describe('a file whose name tells no type', () => {
  test.each([
    ['mp4', 'video', 'video/mp4'],
    ['mp4', 'audio', 'audio/mp4'],
    ['matroska', 'video', 'video/x-matroska'],
    ['ogg', 'video', 'video/ogg'],
    ['ogg', 'audio', 'audio/ogg'],
    ['mpegts', 'video', 'video/mp2t'],
    ['mp3', 'audio', 'audio/mpeg'],
    ['jpeg', 'image', 'image/jpeg'],
    ['webvtt', 'subtitle', 'text/vtt'],
    [null, 'other', 'application/octet-stream'],
  ])('is told by its contents: %s of %s is %s', (format, kind, type) => {
    expect(mediaType('download', format, kind)).toBe(type)
  })
})
