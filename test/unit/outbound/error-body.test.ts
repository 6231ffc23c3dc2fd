import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quotedError } from '../../../src/outbound/error-body.ts'
import { anyText } from '../../support/any-text.ts'

it.each<[body: string, type: string | null, quoted: string | null]>([
  [
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>20</X-Amz-Expires></Error>',
    'application/xml',
    'AccessDenied: Request has expired',
  ],
  [
    '\ufeff<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate.\nRequestId:1\nTime:2</Message></Error>',
    'application/xml',
    'AuthenticationFailed: Server failed to authenticate.',
  ],
  ['<Error><Code>NoSuchKey</Code></Error>', null, 'NoSuchKey'],
  ['<Error><Code>InvalidRequest</Code><Message>a &lt;b&gt; &amp;amp; c</Message></Error>', null, 'InvalidRequest: a b &amp; c'],
  ['{"error":{"code":403,"status":"PERMISSION_DENIED","message":"No access"}}', 'application/json', 'PERMISSION_DENIED: No access'],
  ['{"statusCode":"404","error":"not_found","message":"Object not found"}', 'application/json', 'not_found: Object not found'],
  ['{"detail":"Signature expired"}', 'application/json', 'Signature expired'],
  ['{"detail":"cut of', 'application/json', null],
  ['{"data":[1,2,3]}', 'application/json', null],
  ['["error"]', 'application/json', null],
  ['Link expired', 'text/plain; charset=utf-8', 'Link expired'],
  ['Link expired', null, null],
  ['<!DOCTYPE html><html><title>403</title>', 'text/html', null],
  ['', 'application/xml', null],
  [`{"message":"see https://u:p@h.example/a?token=s3cret and ffsk_${'0'.repeat(64)}"}`, null, 'see https://h.example/a?… and ffsk_…'],
])('%s', (body, type, quoted) => {
  expect(quotedError(body, type)).toBe(quoted)
})

it('what is quoted is short, and one line of plain text', () => {
  fc.assert(
    fc.property(anyText, anyText, (code, message) => {
      for (const body of [
        JSON.stringify({ error: code, message }),
        `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
        message,
      ]) {
        const quoted = quotedError(body, 'text/plain')
        if (quoted === null) continue
        expect(quoted.length).toBeLessThanOrEqual(410)
        expect(quoted).not.toMatch(/[\p{Cc}<>]/u)
      }
    }),
  )
})
