import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { presignGet, presignUrl } from '../../../src/files/presign.ts'

const example = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  now: new Date('2013-05-24T00:00:00Z'),
}
const r2 = { ...example, accountId: 'abc123', bucket: 'renderio-files', expiresSeconds: 3600 }

/** Signature Version 4 written out from its specification, over the URL exactly as it is sent. */
function expectedSignature(url: URL, region: string): string {
  const query = url.search
    .slice(1)
    .split('&')
    .filter((pair) => !pair.startsWith('X-Amz-Signature='))
    .sort()
    .join('&')
  const canonical = ['GET', url.pathname, query, `host:${url.host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const scope = `20130524/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', '20130524T000000Z', scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const key = scope
    .split('/')
    .reduce<string | Buffer>((k, part) => createHmac('sha256', k).update(part).digest(), `AWS4${example.secretAccessKey}`)
  return createHmac('sha256', key).update(toSign).digest('hex')
}

describe('presignUrl', () => {
  it("makes the URL of AWS's published example", async () => {
    const url = new URL(
      await presignUrl({ ...example, url: 'https://examplebucket.s3.amazonaws.com/test.txt', region: 'us-east-1', expiresSeconds: 86_400 }),
    )
    expect(url.origin + url.pathname).toBe('https://examplebucket.s3.amazonaws.com/test.txt')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
      'X-Amz-Date': '20130524T000000Z',
      'X-Amz-Expires': '86400',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    })
  })
})

describe('presignGet', () => {
  it.each(['out.mp4', 'a b+c.mp4', "it's (1)!*.mp4", 'größe 100%.mp4', '日本語🎬.webm', 'a%2Fb.mp4', 'q?x=1&y#z.mp4'])(
    'signs the path as it is sent for %j',
    async (filename) => {
      const url = new URL(await presignGet({ ...r2, key: `acme/f1/${filename}` }))
      expect(url.host).toBe('abc123.r2.cloudflarestorage.com')
      expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'renderio-files', 'acme', 'f1', filename])
      expect(url.searchParams.get('X-Amz-Signature')).toBe(expectedSignature(url, 'auto'))
    },
  )

  it.each([
    [3600, '3600'],
    [604_800, '604800'],
    [604_801, '604800'],
    [99.9, '99'],
  ])('expires after %d seconds as %s, at most 7 days', async (expiresSeconds, shown) => {
    const url = new URL(await presignGet({ ...r2, expiresSeconds, key: 'acme/f1/a' }))
    expect(url.searchParams.get('X-Amz-Expires')).toBe(shown)
  })
})
