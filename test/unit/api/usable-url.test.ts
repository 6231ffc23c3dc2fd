import { describe, expect, test } from 'vitest'
import { urlFault } from '../../../src/api/usable-url.ts'
import { parseOrigins } from '../../../src/outbound/address.ts'

const fault = (url: string) => urlFault(url, parseOrigins(''))

describe('what is no URL is told what it is, and what to do', () => {
  test.each([
    ['', /^The URL is empty: the step before it/],
    ['  ', /is empty/],
    ['null', /is the word "null": the step before it/],
    ['undefined', /is the word "undefined"/],
    ['[object Object]', /is the word/],
    ['{{ $json.url }}', /has an expression in it that was not replaced, "\{\{ \$json\.url \}\}"/],
    ['https://example.com/{{name}}.mp4', /expression/],
    [`https://example.com/\${id}.mp4`, /expression/],
    ['{{out_1}}', /is "\{\{out_1\}\}", an output of a command: .* to \/run-chained-ffmpeg-commands/],
    ['<<out_1>>', /an output of a command/],
    ['file:///home/me/a.mp4', /a file on a machine of yours.* upload/],
    ['C:\\clips\\a.mp4', /a file on a machine of yours/],
    ['c:/clips/a.mp4', /a file on a machine of yours/],
    ['\\\\server\\share\\a.mp4', /a file on a machine of yours/],
    ['/home/me/a.mp4', /a file on a machine of yours/],
    ['~/a.mp4', /a file on a machine of yours/],
    ['./a.mp4', /a file on a machine of yours/],
    ['a.mp4', /a file on a machine of yours/],
    ['data:video/mp4;base64,AAAA', /has the data itself in it: upload/],
    ['blob:https://example.com/1', /only inside of the browser/],
    ['s3://bucket/a.mp4', /presigned https URL/],
    ['gs://bucket/a.mp4', /presigned https URL/],
    ['//example.com/a.mp4', /write https: in front/],
    ['example.com/a.mp4', /has no scheme: write https:\/\//],
    ['localhost:3000/a.mp4', /has no scheme/],
    ['localhost:3000', /has no scheme/],
    ['example.com:8080', /has no scheme/],
    ['"https://example.com/a.mp4"', /has quotes/],
    ['https://example.com/a.mp4 https://example.com/b.mp4', /is several URLs/],
    ['https://https://example.com/a.mp4', /has its scheme twice/],
    ['https://exa mple.com/a.mp4', /has white space in it/],
    ['ftp://example.com/a.mp4', /has the scheme ftp/],
    ['http://192.168.0.1/a.mp4', /points to 192\.168\.0\.1/],
  ])('%j', (url, message) => {
    expect(fault(url)).toMatch(message)
  })
})

test.each([
  'https://example.com/a.mp4',
  ' https://example.com/a.mp4\n',
  'https://example.com/a b.mp4',
  'https://example.com/a%20b.mp4?x={1}&y=https://example.org/',
  'https://res.example.com/fetch/w_100,h_100/https://example.org/a.png',
  'http://example.com:8080/',
])('%j can be asked for', (url) => {
  expect(fault(url)).toBeNull()
})

test('what is said repeats neither a password nor all of a long text', () => {
  expect(fault('https://user:secret@example.com/a.mp4')).not.toContain('secret')
  expect(fault(`{{${'x'.repeat(10_000)}}}`)?.length).toBeLessThan(300)
})
