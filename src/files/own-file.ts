/** Inputs that are files of ours: read from R2 by key, so that an expired link works and no byte leaves the platform. */
import { type Settings, signingSecretOf } from '../settings.ts'
import { fileKey } from './key.ts'
import { ownFileRef } from './own-url.ts'

export interface OwnFile {
  account: string
  fileId: string
  /** In the bucket. */
  key: string
  filename: string
}

/** The file of ours that `url` names, if `account` owns it or the link itself entitles to it; null for any other URL. */
export async function ownFileOf(url: string, account: string, settings: Settings): Promise<OwnFile | null> {
  const parsed = URL.parse(url)
  if (!parsed) return null
  const { r2Credentials } = settings
  const ref = await ownFileRef(parsed, {
    tokenSecret: signingSecretOf(settings),
    now: Math.floor(Date.now() / 1000),
    ...(r2Credentials && { r2: r2Credentials }),
  })
  if (!ref || (ref.account !== account && !ref.bearer)) return null
  const { fileId, filename } = ref
  return { account: ref.account, fileId, key: fileKey(ref.account, fileId, filename), filename }
}

/** Why a file of ours is not in the bucket, as the end of a sentence that begins with the file. */
export async function whyMissing({ account, fileId }: OwnFile, env: Env): Promise<string> {
  const file = await env.STORED_FILE.get(env.STORED_FILE.idFromName(fileId)).read(account)
  if (file?.status === 'PROCESSING') return `is not complete yet; submit again when GET /api/v1/files/${fileId} says STORED`
  if (file?.status === 'FAILED') return `could not be stored (${file.error?.message ?? 'for a reason unknown'})`
  return 'does not exist any more'
}
