/** What tells later that a source still has the very file that bytes came from. */

/** Much longer than servers make them. Those of a hundred inputs are kept in one value, which has 2 MB at most. */
const MAX_VALIDATOR_CHARACTERS = 1_000

/**
 * What goes into `If-Range`, which takes strong validators only (RFC 9110, 13.1.5); a date is one here, since a file being rewritten is no input.
 * One that is too long to be kept counts as none.
 */
export function strongValidator(headers: Headers): string | null {
  const etag = headers.get('etag')
  const validator = etag && !etag.startsWith('W/') ? etag : headers.get('last-modified')
  return validator !== null && validator.length <= MAX_VALIDATOR_CHARACTERS ? validator : null
}
