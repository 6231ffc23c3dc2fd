/** The links we hand out ourselves: how the Worker's are written, and how both forms are recognised when they come back as inputs. */
import { encodePathPart, isPathPart } from './key.ts'
import { r2Host } from './presign.ts'
import { verifyFileToken } from './token.ts'

/**
 * A file of ours that a URL names.
 * `bearer`: the URL alone entitles to read it (a token that has not expired). Otherwise only its owner may, so compare `account`.
 */
export type OwnFileRef = { account: string; fileId: string; filename: string; bearer: boolean }

/** The link that the Worker serves. `token` comes from `signFileToken`. */
export function workerFileUrl(origin: string, token: string, filename: string): string {
  return `${origin}/files/${token}/${encodePathPart(filename)}`
}

/** The link to which one part of an upload is PUT. `token` comes from `signPartToken`. */
export function partUrl(origin: string, token: string, partNumber: number): string {
  return `${origin}/files/${token}/parts/${partNumber}`
}

/**
 * The file of ours that a URL names, in either form, whether its signature has expired or not.
 *
 * A Worker link counts on any host, since its signature proves that we made it. An R2 link is recognised by host and bucket alone:
 * whether its signature is genuine does not matter for the owner, and for anyone else R2 itself must be asked.
 * @param config `now` in unix seconds; `r2` where presigned R2 links are in use.
 * @returns null for any other URL.
 */
export async function ownFileRef(
  url: URL,
  config: { tokenSecret: string; now: number; r2?: { accountId: string; bucket: string } },
): Promise<OwnFileRef | null> {
  const parts = pathParts(url)
  if (parts === null) return null
  const [first, second, third, fourth] = parts

  if (config.r2 && url.protocol === 'https:' && url.host === r2Host(config.r2.accountId)) {
    if (parts.length !== 4 || first !== config.r2.bucket || !second || !third || !fourth) return null
    return { account: second, fileId: third, filename: fourth, bearer: false }
  }

  if (parts.length !== 3 || first !== 'files' || !second || !third) return null
  const check = await verifyFileToken(second, config.tokenSecret, config.now)
  if (!check.ok && check.reason !== 'expired') return null
  return { account: check.account, fileId: check.fileId, filename: third, bearer: check.ok }
}

/** @returns the decoded segments of a URL's path, or null where one could not be a part of a key. */
function pathParts(url: URL): string[] | null {
  try {
    const parts = url.pathname.slice(1).split('/').map(decodeURIComponent)
    return parts.every(isPathPart) ? parts : null
  } catch {
    return null
  }
}
