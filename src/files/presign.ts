/** Presigned GET URLs by AWS Signature Version 4, as R2's S3 interface understands them. */
import { AwsV4Signer } from 'aws4fetch'
import { encodePathPart } from './key.ts'

/** The longest life that Signature Version 4 knows for a presigned URL: 7 days. */
const MAX_EXPIRY_SECONDS = 604_800

export type R2Credentials = { accountId: string; accessKeyId: string; secretAccessKey: string; bucket: string }

/** The host of an account's R2 S3 interface. */
export function r2Host(accountId: string): string {
  return `${accountId}.r2.cloudflarestorage.com`
}

/**
 * A URL that reads one R2 object without a key.
 * @param request `key` as the bucket has it, not encoded; a longer `expiresSeconds` than 7 days is taken as 7 days.
 */
export function presignGet(request: R2Credentials & { key: string; expiresSeconds: number; now?: Date }): Promise<string> {
  const path = [request.bucket, ...request.key.split('/')].map(encodePathPart).join('/')
  return presignUrl({ ...request, url: `https://${r2Host(request.accountId)}/${path}`, region: 'auto' })
}

/**
 * Signs any S3 GET URL.
 * @param request `url` with its path encoded by RFC 3986 (a bare `+` would be signed as a space).
 */
export async function presignUrl(request: {
  url: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  expiresSeconds: number
  now?: Date
}): Promise<string> {
  const { accessKeyId, secretAccessKey, region, now = new Date() } = request
  const url = new URL(request.url)
  url.searchParams.set('X-Amz-Expires', String(Math.min(Math.floor(request.expiresSeconds), MAX_EXPIRY_SECONDS)))
  const signer = new AwsV4Signer({
    url: url.href,
    method: 'GET',
    service: 's3',
    region,
    accessKeyId,
    secretAccessKey,
    datetime: now.toISOString().replace(/[:-]|\.\d{3}/g, ''),
    signQuery: true,
  })
  return (await signer.sign()).url.href
}
