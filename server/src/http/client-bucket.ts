// The address a limit counts by: one IPv4 address, or the /64 that one IPv6 customer is given (RFC 6177).
import ipaddr from 'ipaddr.js'

/** Without zone, and without the port that some proxies append. */
export function canonicalAddress(raw: string): string {
  if (!raw.includes(':')) return raw
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(raw)?.[1] ?? /^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/.exec(raw)?.[1] ?? raw
  const zone = bare.indexOf('%')
  const address = zone < 0 ? bare : bare.slice(0, zone)
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address
}

export function clientBucket(raw: string): string {
  if (!raw.includes(':')) return raw
  const address = canonicalAddress(raw)
  if (!ipaddr.IPv6.isValid(address)) return address
  return `${ipaddr.IPv6.parse(address)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
