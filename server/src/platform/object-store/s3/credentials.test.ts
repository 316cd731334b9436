// Roles as clouds give them, by a metadata service of our own; and what a signed length looks like.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixedCredentials, type RoleSettings, roleCredentials } from './credentials.ts'
import { openBucket } from './open-bucket.ts'
import { uploadHeaders } from './s3-byte-store.ts'

let service: Server
let origin: string
let answer: (request: IncomingMessage) => string | null
const asked: string[] = []
beforeAll(async () => {
  service = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const text = answer(request)
    response.statusCode = text === null ? 401 : 200
    response.end(text ?? '')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => service.once('listening', resolve))
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
})
afterAll(() => service.close())

const settings = (change: Partial<RoleSettings> = {}): RoleSettings => ({
  region: 'eu-west-1',
  roleArn: null,
  webIdentityTokenFile: null,
  containerUrl: null,
  containerToken: null,
  containerTokenFile: null,
  metadataEndpoint: origin,
  ...change,
})
const lease = (id: string, endsAt: number) =>
  JSON.stringify({ AccessKeyId: id, SecretAccessKey: 's', Token: 't', Expiration: new Date(endsAt).toISOString() })

it('takes the role of an instance by IMDSv2, once, and anew a quarter of an hour before it ends', async () => {
  let now = Date.now()
  let id = 'first'
  answer = ({ method, url, headers }) => {
    if (method === 'PUT' && headers['x-aws-ec2-metadata-token-ttl-seconds']) return 'a-token'
    if (headers['x-aws-ec2-metadata-token'] !== 'a-token') return null
    return url?.endsWith('/security-credentials/') ? 'the-role\n' : lease(id, now + 3_600_000)
  }
  const get = roleCredentials(settings(), () => now)
  const [one, other] = await Promise.all([get(), get()])
  expect([one.accessKeyId, one.sessionToken, other]).toEqual(['first', 't', one])
  expect(asked).toEqual([
    'PUT /latest/api/token',
    'GET /latest/meta-data/iam/security-credentials/',
    'GET /latest/meta-data/iam/security-credentials/the-role',
  ])
  id = 'second'
  now += 44 * 60_000
  expect((await get()).accessKeyId).toBe('first')
  now += 2 * 60_000
  expect((await get()).accessKeyId).toBe('second')
  answer = () => null
  now += 50 * 60_000
  // The service is gone: what is still valid is used to its end, and not beyond.
  expect((await get()).accessKeyId).toBe('second')
  now += 11 * 60_000
  await expect(get()).rejects.toThrow('401')
})

it('takes the role of a container with the token it was given', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'aion-token-')), 'token')
  await writeFile(file, 'from-a-file\n')
  answer = ({ headers, url }) => (url === '/role' ? lease(String(headers.authorization), Date.now() + 3_600_000) : null)
  const containerUrl = `${origin}/role`
  expect((await roleCredentials(settings({ containerUrl, containerToken: 'given' }))()).accessKeyId).toBe('given')
  expect((await roleCredentials(settings({ containerUrl, containerTokenFile: file }))()).accessKeyId).toBe('from-a-file')
})

it('signs type, length and session into a URL where the store checks them', async () => {
  const target = {
    endpoint: 'https://s3.eu-west-1.amazonaws.com',
    publicEndpoint: 'https://s3.eu-west-1.amazonaws.com',
    bucket: 'images',
    region: 'eu-west-1',
    pathStyle: false,
    signLength: true,
  }
  const credentials = fixedCredentials({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'of-a-role' })
  const client = openBucket({ target, credentials })
  const url = new URL(
    await client.presign('PUT', 'incoming/a b', {
      headers: uploadHeaders(client, 'image/jpeg', 600),
      at: Date.UTC(2026, 10, 23),
      seconds: 600,
    }),
  )
  expect([url.host, url.pathname]).toEqual(['images.s3.eu-west-1.amazonaws.com', '/incoming/a%20b'])
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    'X-Amz-SignedHeaders': 'content-length;content-type;host',
    'X-Amz-Security-Token': 'of-a-role',
    'X-Amz-Expires': '600',
    'X-Amz-Date': '20261123T000000Z',
  })
})
