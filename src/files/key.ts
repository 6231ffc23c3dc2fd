/** Where a file lives in the bucket, and how that is written in a URL's path. */

/**
 * The R2 key of a file: `<account>/<file_id>/<filename>`.
 * @throws TypeError for a part that would change the key's shape, or that a URL's path cannot carry (`.` and `..`).
 */
export function fileKey(account: string, fileId: string, filename: string): string {
  for (const part of [account, fileId, filename]) {
    if (!isPathPart(part)) throw new TypeError(`${JSON.stringify(part)} cannot be a part of a file's key`)
  }
  return `${account}/${fileId}/${filename}`
}

/** Where everything of one file id lies: the prefix of all keys that `fileKey` makes with it. Ends with a slash. */
export function filesBelow(account: string, fileId: string): string {
  return fileKey(account, fileId, '_').slice(0, -1)
}

/** Whether a text can stand as one segment of a key and of a URL's path. */
export function isPathPart(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !part.includes('/')
}

/** Percent-encodes all but RFC 3986's unreserved characters, slashes included: one form for R2's signatures and for our links. */
export function encodePathPart(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
