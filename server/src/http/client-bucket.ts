// The address a limit counts by: one IPv4 address, or the /64 that one IPv6 customer is given (RFC 6177).
import ipaddr from 'ipaddr.js'

export function canonicalAddress(raw: string): string {
  if (!raw.includes(':')) return raw
  const zone = raw.indexOf('%')
  const address = zone < 0 ? raw : raw.slice(0, zone)
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address
}

export function clientBucket(raw: string): string {
  if (!raw.includes(':')) return raw
  const address = canonicalAddress(raw)
  if (!address.includes(':')) return address
  return `${ipaddr.IPv6.parse(address)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
