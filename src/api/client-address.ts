/** Under which address strangers are counted. Pure. */
import ipaddr from 'ipaddr.js'

/** Whoever has one IPv6 address has the whole network of this prefix (RFC 6177), and could ask under a new one each time. */
const IPV6_PREFIX_BITS = 64

/**
 * The address in a header that whoever stands in front of the Worker sets: an IPv4 address, or the /64 network of an IPv6 one.
 * Of several, as a proxy leaves them that appends its own to what the client has sent, the last is the proxy's.
 * @returns null where the header says no address
 */
export function addressIn(header: string | undefined): string | null {
  const text = header?.slice(header.lastIndexOf(',') + 1).trim() ?? ''
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text
  if (!ipaddr.IPv6.isValid(text)) return null
  const address = ipaddr.IPv6.parse(text)
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString()
  return ipaddr.IPv6.networkAddressFromCIDR(`${new ipaddr.IPv6(address.parts)}/${IPV6_PREFIX_BITS}`).toString()
}
