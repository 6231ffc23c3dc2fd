/** What belongs to this machine alone: the fence of an executor that asks for no token. Pure. */
import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether a host name or an IP address (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3) is this machine’s own. */
export function isLoopback(host: string): boolean {
  const version = isIP(host)
  if (version === 0) return host === 'localhost'
  return LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/**
 * Why a request may come from a web page, in one clause; null where it cannot. A page of another site says so in Origin, and one whose
 * name is made to resolve to this machine has that name in Host.
 * @param host the Host header
 * @param origin the Origin header
 */
export function reasonToRefuse(host: string | undefined, origin: string | undefined): string | null {
  if (!isLoopback(hostnameOf(`http://${host ?? ''}`))) return `it is for ${host ? `the host ${host.slice(0, 100)}` : 'no host'}`
  if (origin !== undefined && !isLoopback(hostnameOf(origin))) return `it comes from ${origin.slice(0, 100)}`
  return null
}

/** Without the brackets of an IPv6 address; empty where there is none. */
function hostnameOf(url: string): string {
  return URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? ''
}
