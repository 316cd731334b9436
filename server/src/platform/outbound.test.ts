// S33: no URL of a user's makes this server call its own network, by any spelling, name, redirect or change of mind.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOutbound, isPublicAddress, OutboundRefused, type Resolve } from './outbound.ts'

const request = { method: 'POST', headers: {}, body: '{}', timeoutMs: 2_000, responseBytesMax: 1_024 } as const
const resolveTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses

let inside: Server
let port: number
let reached: string[]
beforeAll(async () => {
  inside = createServer((incoming, answer) => {
    reached.push(`${incoming.method} ${incoming.url} ${incoming.headers.host}`)
    if (incoming.url === '/redirect') return answer.writeHead(302, { location: `http://127.0.0.1:${port}/secret` }).end()
    if (incoming.url === '/slow') return
    if (incoming.url === '/drip') return void answer.write('x')
    answer.end('x'.repeat(100_000))
  })
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
  port = (inside.address() as AddressInfo).port
})
beforeEach(() => {
  reached = []
})
afterAll(() => {
  inside.closeAllConnections()
  inside.close()
})

const internal = [
  ['loopback', '127.0.0.1'],
  ['another loopback', '127.8.9.1'],
  ['this host', '0.0.0.0'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '192.168.1.1'],
  ['link-local, cloud metadata', '169.254.169.254'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['Alibaba metadata', '100.100.100.200'],
  ['Oracle metadata', '192.0.0.192'],
  ['Azure wire server', '168.63.129.16'],
  ['multicast', '224.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['benchmarking', '198.18.0.1'],
  ['documentation', '203.0.113.1'],
  ['IPv6 loopback', '::1'],
  ['IPv6 unspecified', '::'],
  ['IPv4-compatible', '::7f00:1'],
  ['IPv4-mapped', '::ffff:7f00:1'],
  ['IPv4-translated', '::ffff:0:7f00:1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['local NAT64', '64:ff9b:1::a00:1'],
  ['6to4', '2002:7f00:1::'],
  ['Teredo', '2001::1'],
  ['IPv6 link-local', 'fe80::1'],
  ['site-local', 'fec0::1'],
  ['unique local, AWS metadata', 'fd00:ec2::254'],
  ['IPv6 multicast', 'ff02::1'],
  ['IPv6 documentation', '2001:db8::1'],
] as const

describe('S33 addresses', () => {
  it.each(internal)('%s %s is refused, as itself and behind a name', async (_kind, address) => {
    expect(isPublicAddress(address)).toBe(false)
    const literal = address.includes(':') ? `[${address}]` : address
    await expect(createOutbound({ allow: [] }).fetchOutside(`https://${literal}/`, request)).rejects.toThrow(OutboundRefused)
    const byName = createOutbound({ allow: [], resolve: resolveTo(address) })
    await expect(byName.fetchOutside('https://hooks.example.com/', request)).rejects.toThrow(OutboundRefused)
    const among = createOutbound({ allow: [], resolve: resolveTo('8.8.8.8', address) })
    await expect(among.fetchOutside('https://hooks.example.com/', request)).rejects.toThrow(OutboundRefused)
  })

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '172.32.0.1', '100.128.0.1'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each([
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://127.0.0.1./',
    'http://①②⑦.⓪.⓪.①/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:7f00:1]/',
    'https://127.0.0.1%2f@example.com/',
  ])('the spelling %s is refused', async (url) => {
    const outbound = createOutbound({ allow: [], resolve: async () => expect.unreachable('an address needs no name server') })
    await expect(outbound.fetchOutside(url, request)).rejects.toThrow(OutboundRefused)
  })

  it.each(['localhost', 'localhost.', 'LOCALHOST', 'hooks.localhost'])(
    '%s is refused, whatever a name server says',
    async (host) => {
      const outbound = createOutbound({ allow: [], resolve: resolveTo('8.8.8.8') })
      await expect(outbound.fetchOutside(`https://${host}/`, request)).rejects.toThrow(OutboundRefused)
    },
  )

  it.each(['file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://example.com/', 'not a url', 'https://user:pass@example.com/'])(
    '%s is refused',
    async (url) => {
      const outbound = createOutbound({ allow: [], resolve: resolveTo('8.8.8.8') })
      await expect(outbound.fetchOutside(url, request)).rejects.toThrow(OutboundRefused)
    },
  )

  it('http to the public internet is refused', async () => {
    const outbound = createOutbound({ allow: [], resolve: resolveTo('8.8.8.8') })
    await expect(outbound.fetchOutside('http://example.com/', request)).rejects.toThrow('Only https')
  })
})

describe('S33 what is reached', () => {
  it('a redirect is not followed', async () => {
    const outbound = createOutbound({ allow: ['127.0.0.1'] })
    expect(await outbound.fetchOutside(`http://127.0.0.1:${port}/redirect`, request)).toMatchObject({ status: 302 })
    expect(reached).toEqual([`POST /redirect 127.0.0.1:${port}`])
  })

  it('a name that changes its mind after the check (rebinding) is not asked again', async () => {
    let asked = 0
    const outbound = createOutbound({
      allow: ['127.0.0.1'],
      resolve: async () => (asked++ === 0 ? ['127.0.0.1'] : expect.unreachable('resolved twice')),
    })
    expect(await outbound.fetchOutside(`http://hooks.example.com:${port}/`, request)).toMatchObject({ status: 200 })
    expect(reached).toEqual([`POST / hooks.example.com:${port}`])
    expect(asked).toBe(1)
  })

  it('a name that is refused reaches nothing', async () => {
    const outbound = createOutbound({ allow: ['10.0.0.0/8'], resolve: resolveTo('127.0.0.1') })
    await expect(outbound.fetchOutside(`http://hooks.example.com:${port}/`, request)).rejects.toThrow(OutboundRefused)
    expect(reached).toEqual([])
  })

  it('the operator allows networks and names', async () => {
    const byName = createOutbound({ allow: ['Hooks.Internal'], resolve: resolveTo('127.0.0.1') })
    expect(await byName.fetchOutside(`http://hooks.internal:${port}/`, request)).toMatchObject({ status: 200 })
    await expect(byName.fetchOutside(`http://other.internal:${port}/`, request)).rejects.toThrow(OutboundRefused)
    const byNetwork = createOutbound({ allow: ['127.0.0.0/8'], resolve: resolveTo('127.0.0.1') })
    expect(await byNetwork.fetchOutside(`http://any.internal:${port}/`, request)).toMatchObject({ status: 200 })
  })

  it('reads no more than it was told, and waits no longer', async () => {
    const outbound = createOutbound({ allow: ['127.0.0.1'] })
    const { body } = await outbound.fetchOutside(`http://127.0.0.1:${port}/`, request)
    expect(body).toHaveLength(1_024)
    for (const path of ['slow', 'drip'])
      await expect(outbound.fetchOutside(`http://127.0.0.1:${port}/${path}`, { ...request, timeoutMs: 100 })).rejects.toThrow()
    const stuck = createOutbound({ allow: [], resolve: () => new Promise(() => {}) })
    await expect(stuck.fetchOutside('https://example.com/', { ...request, timeoutMs: 100 })).rejects.toThrow('within 100 ms')
  })
})
