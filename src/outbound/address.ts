/** Which URLs this service is willing to request: for inputs, stored files and webhooks alike, at every hop of a redirect. */
import ipaddr from 'ipaddr.js'

/** What the operator exempts from the rules about ports and addresses. */
export type AllowedOrigins = { everything: true } | { everything: false; origins: ReadonlySet<string> }

export type UrlCheck = { ok: true; url: URL } | { ok: false; reason: string }

/**
 * Names that never mean a host on the public internet, with all names below them: special-use names (RFC 6761, 6762, 8375, 9476, ICANN's
 * `.internal`; under `arpa` there are no hosts), the suffixes that private networks and clusters are known to use, and the names under
 * which clouds serve their machines' metadata, as far as those do not fall under `internal` or have a single label.
 */
const PRIVATE_SUFFIXES = [
  ...['localhost', 'local', 'internal', 'arpa', 'test', 'invalid', 'onion', 'alt'],
  ...['localdomain', 'lan', 'home', 'corp', 'mail', 'intranet', 'private', 'svc', 'cluster', 'consul', 'docker', 'kubernetes'],
  ...['metadata.goog', 'metadata.tencentyun.com', 'metadata.platformequinix.com', 'metadata.packet.net', 'metadata.exoscale.com'],
  ...['metadata.cloud.ibm.com', 'service.softlayer.com'],
]

/**
 * Addresses that are public by their range and mean something inside a cloud's network: Azure's host services, and IBM's service networks.
 * The other clouds' metadata addresses lie in ranges that are not public.
 */
const CLOUD_ADDRESSES = ['168.63.129.16/32', '161.26.0.0/16', '166.8.0.0/14'].map((range) => ipaddr.IPv4.parseCIDR(range))

/** The only block that IANA has assigned to global unicast (RFC 4291); the rest hides things like IPv4-compatible `::127.0.0.1`. */
const GLOBAL_UNICAST_IPV6 = ipaddr.IPv6.parse('2000::')

/**
 * Reads the setting ALLOWED_PRIVATE_ORIGINS.
 * @param setting comma-separated `host:port`; `*` exempts everything, empty nothing. IPv6 hosts stand in brackets.
 * @throws Error naming the entry that is not `host:port`.
 */
export function parseOrigins(setting: string): AllowedOrigins {
  const entries = setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  if (entries.includes('*')) return { everything: true }
  return { everything: false, origins: new Set(entries.map(parseOrigin)) }
}

function parseOrigin(entry: string): string {
  const url = /^[^/?#@\\]+:\d+$/.test(entry) ? URL.parse(`http://${entry}`) : null
  if (url === null) throw new Error(`ALLOWED_PRIVATE_ORIGINS: "${entry}" is not host:port, such as localhost:9000 or [::1]:9000`)
  return originOf(url)
}

/**
 * Whether a URL may be requested. Pure: it looks at the URL only, not at what DNS answers for its name.
 * @returns the parsed URL, or a reason that says what is wrong and what to do, free of the URL's credentials, path and query.
 */
export function checkUrl(url: string, allowed: AllowedOrigins): UrlCheck {
  const parsed = URL.parse(url)
  if (parsed === null) return refuse('is not a valid URL; write it in full, such as https://example.com/video.mp4')
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return refuse(`has the scheme ${parsed.protocol.slice(0, -1)}; only http and https URLs are requested`)
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return refuse('carries a user name or password; remove it, and use a presigned URL for a file that needs authorisation')
  }
  if (allowed.everything || allowed.origins.has(originOf(parsed))) return { ok: true, url: parsed }

  const port = portOf(parsed)
  if (port !== 80 && port !== 443 && port < 1024) {
    return refuse(`names port ${port}; only ports 80, 443 and 1024 to 65535 are requested`)
  }
  const privacy = privateHost(bareHost(parsed))
  if (privacy !== null) {
    return refuse(
      `points to ${parsed.hostname}, ${privacy}; use a host on the public internet` +
        ` (the operator may list ${originOf(parsed)} in ALLOWED_PRIVATE_ORIGINS)`,
    )
  }
  return { ok: true, url: parsed }
}

function refuse(reason: string): UrlCheck {
  return { ok: false, reason: `The URL ${reason}.` }
}

/** @returns why a host is not on the public internet, or null when it may be. */
function privateHost(host: string): string | null {
  if (ipaddr.isValid(host)) {
    const range = addressRange(host)
    return range === 'unicast' ? null : `an address that is not public (${range})`
  }
  if (host === '') return 'which is not a host name'
  if (PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))) {
    return 'a name that is used inside private networks'
  }
  if (!host.includes('.')) return 'a name without a domain'
  return null
}

function addressRange(host: string): string {
  const address = ipaddr.process(host)
  const range = address.range()
  if (address instanceof ipaddr.IPv4) return CLOUD_ADDRESSES.some((block) => address.match(block)) ? 'of a cloud’s own services' : range
  return range === 'unicast' && !address.match(GLOBAL_UNICAST_IPV6, 3) ? 'reserved' : range
}

/** The URL parser has already turned decimal, octal, hexadecimal and short IPv4 spellings into dotted ones. */
function bareHost({ hostname }: URL): string {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  let end = hostname.length
  while (end > 0 && hostname[end - 1] === '.') end -= 1
  return hostname.slice(0, end)
}

function originOf(url: URL): string {
  const host = bareHost(url)
  return `${host.includes(':') ? `[${host}]` : host}:${portOf(url)}`
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}
