import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact, redactUrl } from '../../../src/outbound/redact.ts'
import { anyText } from '../../support/any-text.ts'

const token = 'WyJhY21lIiwiZjEiLDFd.c2lnbmF0dXJlLWJ5dGVz'
const apiKey = `ffsk_${'0123456789abcdef'.repeat(4)}`

describe('redactUrl', () => {
  it.each([
    ['https://example.com/a/b.mp4', 'https://example.com/a/b.mp4'],
    ['https://user:s3cret@example.com/a', 'https://example.com/a'],
    ['https://s3cret@example.com:8443/a', 'https://example.com:8443/a'],
    ['https://us@er:s3@cret@example.com/a', 'https://example.com/a'],
    ['https:user:s3cret@example.com/a', 'https:example.com/a'],
    ['https:\\\\user:s3cret@example.com\\a', 'https:\\\\example.com\\a'],
    ['https://us\ner:s3cret@example.com/a', 'https://example.com/a'],
    ['https://example.com/a?X-Amz-Signature=s3cret&b=1', 'https://example.com/a?…'],
    ['https://example.com/a?b?s3cret', 'https://example.com/a?…'],
    ['https://example.com/a#s3cret', 'https://example.com/a'],
    ['https://example.com/a#s3cret?x', 'https://example.com/a'],
    ['https://example.com/@user/a?s3cret@x', 'https://example.com/@user/a?…'],
    [`https://render.example/files/${token}/out.mp4`, 'https://render.example/files/…/out.mp4'],
    [`/files/${token}/out.mp4?x=1`, '/files/…/out.mp4?…'],
    [
      'https://render.example/api/v1/files/0d3f5c1e-8b1f-4f6c-9b0a-1f2e3d4c5b6a',
      'https://render.example/api/v1/files/0d3f5c1e-8b1f-4f6c-9b0a-1f2e3d4c5b6a',
    ],
    // broken URLs
    ['https://user:s3/cret@example.com/a', 'https://example.com/a'],
    ['https://user:s3#cret@example.com/a', 'https://example.com/a'],
    ['https://user:s3?cret@example.com/a', 'https://example.com/a'],
    ['http://[::1/a?s3cret', 'http://[::1/a?…'],
    ['', ''],
  ])('shows %j as %j', (url, shown) => {
    expect(redactUrl(url)).toBe(shown)
  })

  it('never shows a password, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const url = `https://user:${before}S3CRET${after}@example.com/a`
        // In `user:/S3CRET…` and `@S3CRET/…` the text is a path or a host, and no password.
        fc.pre([undefined, 'example.com'].includes(URL.parse(url)?.hostname))
        return !redactUrl(url).includes('S3CRET')
      }),
    )
  })
})

describe('redact', () => {
  it.each([
    ['fetching https://u:s3cret@example.com/a.mp4?sig=s3cret failed', 'fetching https://example.com/a.mp4?… failed'],
    ["fetching https://u:s3'cret@example.com/a failed", 'fetching https://example.com/a failed'],
    ['see https://example.com/a?s3cret.', 'see https://example.com/a?….'],
    ['(https://example.com/a)', '(https://example.com/a)'],
    ['1.https://u:s3cret@example.com/@a?s3cret', '1.https://example.com/@a?…'],
    ['x_https://u:s3cret@example.com/a', 'x_https://example.com/a'],
    ['-v https://example.com/a?s3cret!).', '-v https://example.com/a?…!).'],
    ['two: https://a.example/?s3cret, http://b.example/#s3cret', 'two: https://a.example/?…, http://b.example/'],
    ['{"url":"https://a.example/x?s3cret","mail":"me@example.com"}', '{"url":"https://a.example/x?…","mail":"me@example.com"}'],
    [`GET /files/${token}/out.mp4 200`, 'GET /files/…/out.mp4 200'],
    [`key ${apiKey} unknown`, 'key ffsk_… unknown'],
    [`https://example.com/${apiKey}/a`, 'https://example.com/ffsk_…/a'],
    ['secret whsec_c2VjcmV0+/== set', 'secret whsec_… set'],
    ['Authorization: Bearer s3cret-token', 'Authorization: …'],
    ['authorization: Basic dXNlcjpwYXNz', 'authorization: …'],
    ['authorization: s3cret', 'authorization: …'],
    ['{"Authorization":"Bearer s3cret"}', '{"Authorization":"…"}'],
    ['{\\"authorization\\":\\"Bearer s3cret\\"}', '{\\"authorization\\":\\"…\\"}'],
    ["x-api-key: 's3cret'", "x-api-key: '…'"],
    ['sent Bearer abcdefgh12345678 to', 'sent Bearer … to'],
    ['signed X-Amz-Signature=abcdef&X-Amz-Credential=AKIA/2013', 'signed X-Amz-Signature=…&X-Amz-Credential=…'],
    ['Error: boom\n    at run (src/a.ts:1:2)', 'Error: boom\n    at run (src/a.ts:1:2)'],
    ['frame=  12 fps=0.0 out_time=00:00:01', 'frame=  12 fps=0.0 out_time=00:00:01'],
  ])('shows %j as %j', (text, shown) => {
    expect(redact(text)).toBe(shown)
    expect(redact(shown), 'a second time').toBe(shown)
  })

  it('leaves no API key anywhere in any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        return !redact(`${before} ${apiKey}${after}`).includes(apiKey)
      }),
    )
  })

  it('keeps a JSON line a JSON line', () => {
    const piece = fc.oneof(
      anyText,
      fc.constantFrom(
        'https://a.example/x?s=1',
        'https://u:p@',
        'Authorization:',
        'Bearer abcdefgh',
        'X-Amz-Signature=',
        '"',
        '\\',
        '\n',
        ' ',
        '}',
        '@',
        apiKey,
      ),
    )
    const text = fc.array(piece).map((pieces) => pieces.join(''))
    const fields = fc.record({ message: text, authorization: fc.oneof(text, fc.constant(null), fc.nat()), url: text })
    fc.assert(
      fc.property(fields, (event) => {
        JSON.parse(redact(JSON.stringify(event)))
        JSON.parse(redact(JSON.stringify(JSON.stringify(event))))
      }),
    )
  })
})
