/** The signed part of a file URL that the Worker answers itself: `/files/<token>/<filename>`, `/files/<token>/parts/<number>`. */
import { decodeBase64Url, encodeBase64Url } from 'hono/utils/encode'
import { z } from 'zod'

/** What a token entitles to: every file below `<account>/<file_id>/`, so that a manifest's relative segment URLs resolve. */
export type FileGrant = { account: string; fileId: string }

export type FileTokenCheck =
  | ({ ok: true } & FileGrant)
  | ({ ok: false; reason: 'expired' } & FileGrant)
  | { ok: false; reason: 'malformed' | 'bad_signature' }

/** Part of what is signed, so that no other signature made with the same secret passes for a file token. */
const READ = 'renderio file token 1\n'
const putPart = (partNumber: number) => `renderio part token 1\n${partNumber}\n`

const claimsSchema = z.tuple([z.string().min(1), z.string().min(1), z.number().int()])

const HMAC = { name: 'HMAC', hash: 'SHA-256' }

/**
 * @param grant `expiresAt` in unix seconds: from that second on the token is expired.
 * @returns `<claims>.<HMAC-SHA-256>`, both base64url: one path segment that needs no encoding.
 */
export function signFileToken(grant: FileGrant & { expiresAt: number }, secret: string): Promise<string> {
  return signToken(READ, grant, secret)
}

/** As `signFileToken`, for one PUT of one part of an upload, numbered from 1. */
export function signPartToken(grant: FileGrant & { expiresAt: number }, partNumber: number, secret: string): Promise<string> {
  return signToken(putPart(partNumber), grant, secret)
}

async function signToken(purpose: string, grant: FileGrant & { expiresAt: number }, secret: string): Promise<string> {
  const claims = encode(bytesOf(JSON.stringify([grant.account, grant.fileId, grant.expiresAt])).buffer)
  const mac = await crypto.subtle.sign(HMAC, await keyFor(secret), bytesOf(purpose + claims))
  return `${claims}.${encode(mac)}`
}

/**
 * @param now unix seconds
 * @returns the grant; with `expired` too, since a stored file's own URL stays a valid input for its owner.
 */
export function verifyFileToken(token: string, secret: string, now: number): Promise<FileTokenCheck> {
  return verifyToken(READ, token, secret, now)
}

/** As `verifyFileToken`. */
export function verifyPartToken(token: string, partNumber: number, secret: string, now: number): Promise<FileTokenCheck> {
  return verifyToken(putPart(partNumber), token, secret, now)
}

async function verifyToken(purpose: string, token: string, secret: string, now: number): Promise<FileTokenCheck> {
  const [claims = '', signature = '', ...more] = token.split('.')
  const claimsBytes = decode(claims)
  const mac = decode(signature)
  if (claimsBytes === null || mac === null || more.length > 0) return { ok: false, reason: 'malformed' }

  // `verify` compares in constant time.
  const genuine = await crypto.subtle.verify(HMAC, await keyFor(secret), mac, bytesOf(purpose + claims))
  if (!genuine) return { ok: false, reason: 'bad_signature' }

  const [account, fileId, expiresAt] = claimsSchema.parse(JSON.parse(new TextDecoder().decode(claimsBytes)))
  if (now >= expiresAt) return { ok: false, reason: 'expired', account, fileId }
  return { ok: true, account, fileId }
}

/** The base64url of RFC 4648, section 5, without padding, of which there are two characters at most. */
function encode(bytes: ArrayBuffer): string {
  return encodeBase64Url(bytes).replace(/={1,2}$/, '')
}

/** @returns null unless the text is the one base64url spelling of its bytes: a token has no second spelling. */
function decode(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]+$/.test(text)) return null
  try {
    const bytes = decodeBase64Url(text)
    return encode(bytes.buffer) === text ? bytes : null
  } catch {
    return null
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text))
}

type HmacKey = Awaited<ReturnType<typeof importKey>>

const keys = new Map<string, Promise<HmacKey>>()

/** A deployment has one secret, so its imported key is kept. */
function keyFor(secret: string): Promise<HmacKey> {
  const known = keys.get(secret)
  if (known) return known
  const key = importKey(secret)
  keys.set(secret, key)
  return key
}

function importKey(secret: string) {
  return crypto.subtle.importKey('raw', bytesOf(secret), HMAC, false, ['sign', 'verify'])
}
