/** Keeps secrets out of logs and error messages. Every text that leaves for a log passes through here. */

/** A signed token has a dot between its two base64url parts; the id in the API's own `/files/<id>` has none. */
const FILE_TOKEN = /\/files\/[\w-]+\.[\w-]+/g

/**
 * A URL as it may be shown: without credentials, query and fragment, and without the token of a signed file path.
 * The rest keeps its spelling. Works on text, so that a broken URL, which an error message is likely to be about, is safe too.
 * @returns the URL with `?…` where a query was
 */
export function redactUrl(url: string): string {
  // The URL parser drops or refuses control characters, and in a log they would be worse than useless.
  const text = url.trim().replace(/\p{Cc}/gu, '')
  const [scheme = ''] = /^[a-z][a-z0-9+.-]*:[/\\]*/i.exec(text) ?? []
  const rest = text.slice(scheme.length)
  // A password with a raw `/`, `?` or `#` breaks the URL; everything up to the last `@` may then belong to it.
  const authorityEnd = URL.canParse(text) ? rest.search(/[/\\?#]|$/) : rest.length
  const [shown = ''] = rest.slice(rest.lastIndexOf('@', authorityEnd) + 1).split('#')
  const [location = '', query] = shown.split('?', 2)
  return (scheme + location).replace(FILE_TOKEN, '/files/…') + (query === undefined ? '' : '?…')
}

/**
 * In order: later rules see what earlier ones left. Each takes time linear in the text: a URL is looked for only at the start of a run of
 * characters that a scheme may have, and no run is read from each of its places.
 * No match ends in a backslash or crosses a double quote that closes a JSON string, so that a JSON line stays one.
 */
const RULES: readonly [pattern: RegExp, replacement: string | ((match: string) => string)][] = [
  // Credentials go before URLs are cut out of the text, since a raw quote in a password would end the URL early.
  [/(?<![a-z0-9+.-])([0-9+.-]*[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"<>]*@/gi, '$1'],
  [/(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`\\]+/gi, redactUrlInText],
  [FILE_TOKEN, '/files/…'],
  [/\bffsk_\w+/g, 'ffsk_…'],
  [/\bwhsec_[\w+/=-]+/g, 'whsec_…'],
  [/(authorization|x-api-key)(\\?["']\s*:\s*\\?["']|\s*[:=]\s*(?:\\?["'])?)(?:(?:bearer|basic)\s+)?[^\s"'\\,;}\]]+/gi, '$1$2…'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 …'],
  [/\b(x-amz-(?:signature|credential|security-token))=[^\s&"'\\]+/gi, '$1=…'],
]

/** Punctuation after a URL belongs to the sentence around it, as does what stands before its scheme. */
function redactUrlInText(match: string): string {
  const [leading = ''] = /^[0-9+.-]*/.exec(match) ?? []
  let end = match.length
  while (end > 0 && '.,;:!)]}'.includes(match.charAt(end - 1))) end -= 1
  return leading + redactUrl(match.slice(leading.length, end)) + match.slice(end)
}

/**
 * Free text as it may be logged: URLs as {@link redactUrl} shows them, and no API keys, webhook secrets,
 * authorisation values or signatures. Redacting twice changes nothing more.
 */
export function redact(text: string): string {
  return RULES.reduce(
    (safe, [pattern, replacement]) =>
      typeof replacement === 'string' ? safe.replace(pattern, replacement) : safe.replace(pattern, replacement),
    text,
  )
}
