// Whether an address is on a list of addresses and CIDRs.
import { BlockList, isIP } from 'node:net'

export interface AddressList {
  includes(address: string): boolean
}

/** One list a family: node:net's own takes every IPv4 address for a member of `::/0`. */
export function toAddressList(cidrs: readonly string[]): AddressList {
  const lists = { 4: new BlockList(), 6: new BlockList() }
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address) === 6 ? 6 : 4
    if (bits === undefined) lists[family].addAddress(address, `ipv${family}`)
    else lists[family].addSubnet(address, Number(bits), `ipv${family}`)
  }
  return {
    includes(address) {
      const family = address.includes(':') ? 6 : 4
      return lists[family].check(address, `ipv${family}`)
    },
  }
}
