// What can be decided without a server: names, types, ranges, tags, signatures.
import { expect, it } from 'vitest'
import { createUrlSigner } from '../../platform/object-store/signed-url.ts'
import { canonicalType, contentTypeOf } from '../files/content-types.ts'
import { holdsCopy, rangeStands, readRange } from './byte-range.ts'
import { attachment } from './content-disposition.ts'
import { faultInName, objectKeyFor } from './filename.ts'
import { monthOf, nextMonth } from './quota.ts'

it('takes names as people write them and refuses those that could be a path', () => {
  for (const name of ['image.jpg', 'Größe (2).PNG', '写真.webp', ' spaced name .pdf', "it's.txt", 'a?b#c%2F.md'])
    expect(faultInName(name)).toBeNull()
  for (const name of [
    '../etc/passwd',
    'a/b.jpg',
    'a\\b.jpg',
    'a\0.jpg',
    'a\n.jpg',
    '..',
    '',
    '   ',
    'x'.repeat(256),
    '\u0085.txt',
  ])
    expect(faultInName(name)).not.toBeNull()
})

it('makes keys that are the same in every URL and header', () => {
  const key = (filename: string) => objectKeyFor({ id: 'id', tenantId: 'tenant', mediaType: 'image', filename })
  expect(key('image.jpg')).toBe('uploads/tenant/id/image.jpg')
  expect(key('Größe 1.jpg')).toMatch(/^uploads\/tenant\/id\/[\w.-]+\.jpg$/)
  expect(key('写真')).toBe('uploads/tenant/id/file')
  expect(key(`${'x'.repeat(250)}.png`)).toMatch(/x\.png$/)
})

it('knows types by their canonical names only', () => {
  expect(canonicalType('image/jpg')).toBe('image/jpeg')
  expect(canonicalType('Text/Plain; charset=utf-8')).toBe('text/plain')
  expect(contentTypeOf('image/svg+xml')).toBeNull()
  expect(contentTypeOf('toString')).toBeNull()
  expect(contentTypeOf('text/markdown')).toEqual({ mediaType: 'document', format: 'md' })
})

it('reads single ranges and leaves the others alone', () => {
  expect(readRange('bytes=0-3', 10)).toEqual({ first: 0, last: 3 })
  expect(readRange('bytes=4-', 10)).toEqual({ first: 4, last: 9 })
  expect(readRange('bytes=-3', 10)).toEqual({ first: 7, last: 9 })
  expect(readRange('bytes=-30', 10)).toEqual({ first: 0, last: 9 })
  expect(readRange('bytes=8-99', 10)).toEqual({ first: 8, last: 9 })
  for (const header of [undefined, 'bytes=0-1,4-5', 'bytes=3-1', 'bytes=-', 'items=0-1', 'bytes=a-b'])
    expect(readRange(header, 10)).toBeNull()
  for (const header of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) expect(readRange(header, 10)).toBe('unsatisfiable')
})

it('compares entity tags as RFC 9110 does', () => {
  expect(holdsCopy('"a", W/"b"', '"b"')).toBe(true)
  expect(holdsCopy('*', '"b"')).toBe(true)
  expect(holdsCopy('"c"', '"b"')).toBe(false)
  expect(rangeStands(undefined, '"b"')).toBe(true)
  expect(rangeStands('W/"b"', '"b"')).toBe(false)
})

it('S34 names a download so that no name breaks out of its header', () => {
  expect(attachment('a"b\r\nX: y.jpg')).toBe(`attachment; filename="a_b__X: y.jpg"; filename*=UTF-8''a%22b%0D%0AX%3A%20y.jpg`)
  expect(attachment("é'*.pdf")).toBe(`attachment; filename="_'*.pdf"; filename*=UTF-8''%C3%A9%27%2A.pdf`)
  expect(attachment('\ud800.pdf')).toContain("UTF-8''_.pdf")
})

it('S34 signs every part of a URL', () => {
  let now = 1_000_000_000_000
  const signer = createUrlSigner({
    key: Buffer.alloc(32, 1),
    clock: { now: () => now, monotonic: () => 0 },
    publicUrl: () => 'http://h',
  })
  const expiresAt = new Date(now + 600_000)
  const grant = { key: 'uploads/t/i/a b.jpg', contentType: 'image/jpeg', sizeBytes: 5, expiresAt, place: null }
  const url = new URL(signer.put(grant))
  const query = Object.fromEntries(url.searchParams)
  expect(decodeURIComponent(url.pathname)).toBe(`/objects/${grant.key}`)
  expect(signer.readPut(grant.key, query)).toEqual(grant)
  for (const change of [
    { type: 'image/png' },
    { size: '6' },
    { size: '05' },
    { size: ['5', '5'] },
    { expires: String(Number(query.expires) + 1) },
    { signature: '' },
  ])
    expect(signer.readPut(grant.key, { ...query, ...change })).toBeNull()
  expect(signer.readPut('uploads/t/i/b.jpg', query)).toBeNull()
  expect(signer.readGet(grant.key, query)).toBeNull()
  now += 600_000
  expect(signer.readPut(grant.key, query)).toBeNull()
})

it('begins months in UTC', () => {
  const last = Date.UTC(2026, 11, 31, 23, 59, 59)
  expect(monthOf(last)).toBe('2026-12-01')
  expect(nextMonth(last).toISOString()).toBe('2027-01-01T00:00:00.000Z')
})
