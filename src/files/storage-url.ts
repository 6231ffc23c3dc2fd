/** The link under which a stored file is downloaded: no key needed, for a limited time. */
import { type Settings, signingSecretOf } from '../settings.ts'
import { fileKey } from './key.ts'
import { workerFileUrl } from './own-url.ts'
import { presignGet } from './presign.ts'
import { signFileToken } from './token.ts'

/** A file as its link needs it. */
export interface LinkedFile {
  fileId: string
  filename: string
  /** Set where it is more than one file. */
  bundle?: { kind: 'zip' | 'playlist' }
}

/**
 * A fresh link to the file: R2's own where its S3 credentials are set, else one that the Worker serves under `origin`.
 * A playlist is always the Worker's: what it names is found beside it by the same link, while a presigned one is good for one file.
 */
export async function storageUrl(file: LinkedFile & { account: string }, origin: string, settings: Settings): Promise<string> {
  const { r2Credentials, storageUrlTtlSeconds } = settings
  if (r2Credentials && file.bundle?.kind !== 'playlist') {
    const key = fileKey(file.account, file.fileId, file.filename)
    return presignGet({ ...r2Credentials, key, expiresSeconds: storageUrlTtlSeconds })
  }
  const expiresAt = Math.floor(Date.now() / 1000) + storageUrlTtlSeconds
  const token = await signFileToken({ account: file.account, fileId: file.fileId, expiresAt }, signingSecretOf(settings))
  return workerFileUrl(settings.publicUrl ?? origin, token, file.filename)
}
