/** Inputs that are files of ours: read from R2 by key, so that an expired link works and no byte leaves the platform. */
import { type Settings, signingSecretOf } from '../settings.ts'
import { fileKey } from './key.ts'
import { ownFileRef } from './own-url.ts'

export interface OwnFile {
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
  return { key: fileKey(ref.account, ref.fileId, ref.filename), filename: ref.filename }
}
