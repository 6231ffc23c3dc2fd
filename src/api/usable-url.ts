/** Whether a URL that a client names can be asked for, and if not, what was probably meant. Pure. */
import { aliasesIn } from '../ffmpeg/placeholders.ts'
import { type AllowedOrigins, checkUrl } from '../outbound/address.ts'
import { quoted } from './wanted.ts'

/** What a template or a script leaves where a value is missing. */
const NOTHING = /^(?:null|undefined|none|nan|false|true|\[object object\]|\[undefined\]|\[null\])$/i

const LOCAL =
  'is a file on a machine of yours, which the service cannot reach: upload it by POST /api/v1/files/upload and use its storage_url'

/** What people write in the place of a URL, most special first; `url` has no white space around it. */
const SLIPS: readonly [fits: (url: string) => boolean, reason: string][] = [
  [(url) => url === '', 'is empty: the step before it in your workflow sent none'],
  [(url) => /^["'“‘`<]/.test(url), 'has quotes or brackets around it: remove them'],
  [(url) => /^file:/i.test(url), LOCAL],
  [(url) => /^[a-z]:[\\/]/i.test(url) || /^(?:\\\\|~?\/(?!\/)|\.{1,2}[\\/])/.test(url), LOCAL],
  [(url) => /^data:/i.test(url), 'has the data itself in it: upload that by POST /api/v1/files/upload and use its storage_url'],
  [
    (url) => /^blob:/i.test(url),
    'exists only inside of the browser that made it: upload the file by POST /api/v1/files/upload and use its storage_url',
  ],
  [(url) => /^(?:s3|gs|az|r2|b2):/i.test(url), 'is an address inside of a storage: use a presigned https URL of the object'],
  [(url) => /\shttps?:\/\//i.test(url), 'is several URLs: give each of them an alias of its own'],
  [(url) => /^https?:\/\/https?:/i.test(url), 'has its scheme twice: remove the first one'],
  [(url) => url.startsWith('//'), 'begins with //: write https: in front of it'],
  [
    (url) => /^(?:localhost|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})(?:(?::\d{1,5})?\/|:\d{1,5}$)/i.test(url),
    'has no scheme: write https:// in front of it, or http://',
  ],
  [(url) => /^[^\s:/?#]{1,255}\.[a-z0-9]{2,5}$/i.test(url), LOCAL],
  [(url) => /\s/.test(url) && !URL.canParse(url), 'has white space in it: send one URL, with %20 for a space'],
]

/**
 * What is wrong with a URL, and what to do; null where it can be asked for.
 * @param allowed private addresses that may be asked
 */
export function urlFault(url: string, allowed: AllowedOrigins): string | null {
  const slip = placeholderIn(url) ?? slipOf(url.trim())
  if (slip !== null) return `The URL ${slip}.`
  const check = checkUrl(url, allowed)
  return check.ok ? null : check.reason
}

function slipOf(url: string): string | null {
  if (NOTHING.test(url)) return `is the word ${quoted(url)}: the step before it in your workflow sent none`
  return SLIPS.find(([fits]) => fits(url))?.[1] ?? null
}

/** No URL has two braces in a row as they are (RFC 3986, section 2). */
function placeholderIn(url: string): string | null {
  const alias = aliasesIn(url.slice(0, 200)).find((name) => name.startsWith('out_'))
  if (alias !== undefined) {
    return `is ${quoted(url.trim())}, an output of a command: to use it in a later command, send both as a chain, to /run-chained-ffmpeg-commands`
  }
  return /\{\{|\}\}|\$\{/.test(url)
    ? `has an expression in it that was not replaced, ${quoted(url.trim())}: let your tool put the URL there`
    : null
}
