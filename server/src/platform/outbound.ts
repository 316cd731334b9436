// Requests to addresses that users give (S33): only to the public internet, and to the very address that was checked.
import { lookup, Resolver } from 'node:dns/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

export interface OutboundRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** From the look-up of the name to the last byte that is read. */
  readonly timeoutMs: number
  /** What comes after is not read. */
  readonly responseBytesMax: number
}

export interface OutboundResponse {
  readonly status: number
  readonly body: Buffer
}

export interface Outbound {
  /** A redirect is an answer like any other. Throws OutboundRefused, or an Error when nothing answered in time. */
  fetchOutside(url: string, request: OutboundRequest): Promise<OutboundResponse>
  /** Why this URL will never be called, as far as that is known without a name server; null when it may be. */
  refusalOf(url: string): string | null
  /** For whoever makes the request otherwise: a look-up that answers what was checked a moment ago, and nothing else. */
  guard(url: URL): Promise<LookupFunction>
}

/** The address is one that this server never calls; trying again changes nothing. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused'
}

export type Resolve = (host: string) => Promise<string[]>

/** Unicast in a registry's eyes, but the cloud's own: Azure's wire server. */
const alsoInternal = new Set(['168.63.129.16'])
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether an address lies on the public internet. Forms that carry another address within (mapped, NAT64, 6to4, Teredo) do not. */
export function isPublicAddress(text: string): boolean {
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast' || alsoInternal.has(text)) return false
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast)
}

/** `allow`: host names, addresses and CIDRs that the operator exempts from every check, http included. */
export function createOutbound({ allow, resolve }: { allow: readonly string[]; resolve?: Resolve }): Outbound {
  const { hosts, addresses } = readAllowed(allow)
  const isAllowed = (address: string) => addresses.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  function checkName(host: string): void {
    // RFC 6761: these are this machine, whatever a name server says.
    if (!hosts.has(host) && /(^|\.)localhost$/.test(host)) throw new OutboundRefused(`${host} is not on the public internet`)
  }

  function checkAddresses(url: URL, host: string, found: readonly string[]): void {
    if (hosts.has(host) || (found.length > 0 && found.every(isAllowed))) return
    if (!found.every(isPublicAddress))
      throw new OutboundRefused(`${host} is, or leads to, an address that is not on the public internet`)
    if (url.protocol !== 'https:') throw new OutboundRefused('Only https is called')
  }

  /** Every address of the name must pass: one bad one among good ones is an attempt. */
  async function checkedAddresses(url: URL): Promise<string[]> {
    const host = hostOf(url)
    checkName(host)
    const found = isIP(host) ? [host] : await (resolve ?? (hosts.has(host) ? resolveAsSystem : resolveByDns))(host)
    if (found.length === 0) throw new Error(`${host} has no address`)
    checkAddresses(url, host, found)
    return found
  }

  return {
    async fetchOutside(text, request) {
      const url = readUrl(text)
      const signal = AbortSignal.timeout(request.timeoutMs)
      const expired = new Promise<never>((_, reject) => {
        signal.onabort = () => reject(new Error(`no answer within ${request.timeoutMs} ms`))
      })
      expired.catch(() => {})
      const send = async () => exchange(url, await checkedAddresses(url), request, signal)
      return Promise.race([send(), expired])
    },
    refusalOf(text) {
      try {
        const url = readUrl(text)
        const host = hostOf(url)
        checkName(host)
        checkAddresses(url, host, isIP(host) ? [host] : [])
        return null
      } catch (error) {
        if (error instanceof OutboundRefused) return error.message
        throw error
      }
    },
    guard: async (url) => lookupOf(await checkedAddresses(readUrl(url.href))),
  }
}

function readUrl(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new OutboundRefused('This is not a URL')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new OutboundRefused('Only https is called')
  if (url.username || url.password) throw new OutboundRefused('A URL with a name or password in it is not called')
  return url
}

/** The URL parser has turned decimal, octal and hexadecimal forms into the plain one. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

function exchange(url: URL, addresses: string[], request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
  const { method, headers, body, responseBytesMax } = request
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
      signal,
      // A connection of its own, to what was checked: a name that leads elsewhere a moment later (rebinding) is not asked again.
      agent: false,
      lookup: lookupOf(addresses),
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      readStart(response, responseBytesMax).then((start) => {
        resolve({ status: response.statusCode ?? 0, body: start })
        outgoing.destroy()
      }, reject)
    })
    outgoing.end(body)
  })
}

function lookupOf(addresses: string[]): LookupFunction {
  const checked = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, options, done) => (options.all ? done(null, checked) : done(null, checked[0]?.address ?? '', checked[0]?.family))
}

async function readStart(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length >= bytesMax) break
  }
  return Buffer.concat(chunks).subarray(0, bytesMax)
}

/** Asks the name servers themselves: a slow one holds none of the threads that files and passwords need. */
async function resolveByDns(host: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 })
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const found = [...(v4.status === 'fulfilled' ? v4.value : []), ...(v6.status === 'fulfilled' ? v6.value : [])]
  if (found.length === 0 && v4.status === 'rejected') throw new Error(`${host} cannot be resolved`)
  return found
}

/** For names that the operator allows, which may stand in /etc/hosts only. */
async function resolveAsSystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function readAllowed(allow: readonly string[]): { hosts: Set<string>; addresses: BlockList } {
  const hosts = new Set<string>()
  const addresses = new BlockList()
  for (const entry of allow) {
    const [address = '', bits] = entry.split('/')
    const version = isIP(address)
    if (version === 0) hosts.add(entry.toLowerCase())
    else
      addresses.addSubnet(
        address,
        bits === undefined ? (version === 6 ? 128 : 32) : Number(bits),
        version === 6 ? 'ipv6' : 'ipv4',
      )
  }
  return { hosts, addresses }
}
