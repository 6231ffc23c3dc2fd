import { describe, expect, it } from 'vitest'
import { fileKey } from '../../../src/files/key.ts'
import { ownFileRef, workerFileUrl } from '../../../src/files/own-url.ts'
import { presignGet } from '../../../src/files/presign.ts'
import { signFileToken } from '../../../src/files/token.ts'

const config = { tokenSecret: 'secret', now: 1000, r2: { accountId: 'abc123', bucket: 'renderio-files' } }
const names = ['out.mp4', "it's größe 100% (1)+?#.mp4", '日本語🎬.webm']

describe('ownFileRef', () => {
  it.each(names)('recognises the link that the Worker serves for %j, on any host', async (filename) => {
    const token = await signFileToken({ account: 'acme', fileId: 'f1', expiresAt: 1001 }, 'secret')
    const url = new URL(workerFileUrl('https://render.example', token, filename))
    expect(url.search + url.hash).toBe('')
    const ref = { account: 'acme', fileId: 'f1', filename, bearer: true }
    expect(await ownFileRef(url, config)).toEqual(ref)
    url.host = 'localhost:8787'
    expect(await ownFileRef(url, config)).toEqual(ref)
  })

  it('recognises an expired link, which only its owner may still use', async () => {
    const token = await signFileToken({ account: 'acme', fileId: 'f1', expiresAt: 1000 }, 'secret')
    expect(await ownFileRef(new URL(workerFileUrl('http://localhost:8787', token, 'a')), config)).toEqual({
      account: 'acme',
      fileId: 'f1',
      filename: 'a',
      bearer: false,
    })
  })

  it.each(names)('recognises the presigned link for %j, whatever its signature', async (filename) => {
    const signed = await presignGet({
      ...config.r2,
      accessKeyId: 'k',
      secretAccessKey: 's',
      key: fileKey('acme', 'f1', filename),
      expiresSeconds: 60,
    })
    for (const url of [new URL(signed), new URL(signed.slice(0, signed.indexOf('?')))]) {
      expect(await ownFileRef(url, config)).toEqual({ account: 'acme', fileId: 'f1', filename, bearer: false })
    }
  })

  it('takes nothing else for one of ours', async () => {
    const token = await signFileToken({ account: 'acme', fileId: 'f1', expiresAt: 2000 }, 'secret')
    const forged = await signFileToken({ account: 'acme', fileId: 'f1', expiresAt: 2000 }, 'another secret')
    for (const url of [
      'https://example.com/video.mp4',
      'https://example.com/files/a/b',
      'https://example.com/',
      `https://example.com/files/${forged}/a`,
      `https://example.com/files/${token}`,
      `https://example.com/files/${token}/`,
      `https://example.com/files/${token}/a/b`,
      `https://example.com/files/${token}/a%2Fb`,
      `https://example.com/files/${token}/%ff`,
      `https://example.com/other/${token}/a`,
      'https://abc123.r2.cloudflarestorage.com/other-bucket/acme/f1/a',
      'https://other.r2.cloudflarestorage.com/renderio-files/acme/f1/a',
      'https://abc123.r2.cloudflarestorage.com:8443/renderio-files/acme/f1/a',
      'http://abc123.r2.cloudflarestorage.com/renderio-files/acme/f1/a',
      'https://abc123.r2.cloudflarestorage.com/renderio-files/acme/f1',
      'https://abc123.r2.cloudflarestorage.com/renderio-files/acme/f1/a/b',
      'https://abc123.r2.cloudflarestorage.com/renderio-files/acme/f1/..%2Ff2',
      'https://abc123.r2.cloudflarestorage.com.evil.example/renderio-files/acme/f1/a',
    ]) {
      expect(await ownFileRef(new URL(url), config), url).toBeNull()
    }
  })

  it('knows no presigned links where none are in use', async () => {
    const { tokenSecret, now } = config
    expect(await ownFileRef(new URL('https://abc123.r2.cloudflarestorage.com/renderio-files/acme/f1/a'), { tokenSecret, now })).toBeNull()
  })
})
