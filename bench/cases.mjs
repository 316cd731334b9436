// What is measured: each case names its server, its requests and the only status it may be answered with.
import { createKeys, credentialsOf, logIn, signUp, strangers } from './accounts.mjs'

const resource = '/api/v2/bench/resource'
const bearer = { header: 'Authorization', prefix: 'Bearer ' }
const keyCount = 1000
const refusedKeyCount = 100
const loginConnections = 16

export async function prepare(base) {
  const people = await Promise.all(Array.from({ length: 10 }, (_, index) => signUp(base, `p${index}`)))
  const keys = await createKeys(base, people[0], keyCount)
  const refusedKeys = await createKeys(base, people[1], refusedKeyCount, { rate_limit_per_minute: 1 })
  const sessions = []
  for (let index = 0; index < 100; index++) sessions.push(await logIn(base, people[index % people.length]))
  return { people, keys, refusedKeys, sessions, ...strangers(keyCount, keys[0]) }
}

export function hotPathCases({ ours, peers, given, seconds }) {
  const mine = { server: ours, base: ours.base, path: resource }
  const peer = (server) => ({ server, base: server.base, path: '/resource' })
  const image = { filename: 'image.jpg', content_type: 'image/jpeg', size_bytes: 1_048_576 }
  // Each of these keys may do one request in any minute; whatever else is answered is a refusal.
  const admitted = refusedKeyCount * (1 + Math.ceil(seconds / 60))
  return [
    { name: 'bare Fastify route', ...peer(peers.bare), ...bearer, lines: given.keys },
    { name: 'hot path with a key', ...mine, ...bearer, lines: given.keys },
    { name: 'better-auth key, SQLite WAL', ...peer(peers.sqlite), ...bearer, lines: peers.sqlite.credentials },
    { name: 'better-auth key, fastest', ...peer(peers.fastest), ...bearer, lines: peers.fastest.credentials },
    { name: '401: bad checksum', ...mine, ...bearer, lines: given.misspelt, expect: 401 },
    { name: '401: unknown key', ...mine, ...bearer, lines: given.unknown, expect: 401 },
    { name: '429: limit reached', ...mine, ...bearer, lines: given.refusedKeys, expect: 429, also: { 200: admitted } },
    { name: 'session by cookie', ...mine, header: 'Cookie', lines: given.sessions.map((token) => `aionvision_session=${token}`) },
    { name: 'better-auth session, cookie cache', ...peer(peers.session), header: 'Cookie', lines: peers.session.credentials },
    {
      name: 'request-presigned-url',
      ...mine,
      path: '/api/v2/uploads/request-presigned-url',
      method: 'POST',
      body: JSON.stringify(image),
      ...bearer,
      lines: given.keys,
    },
  ]
}

export function loginCases({ ours, peers, given }) {
  return [
    {
      name: 'argon2id alone',
      server: peers.argon2,
      measure: (seconds) => peers.argon2.ask({ seconds, inFlight: loginConnections }),
    },
    {
      name: 'login',
      server: ours,
      base: ours.base,
      path: '/api/v2/auth/session/login',
      method: 'POST',
      connections: loginConnections,
      lines: given.people.map((person) => JSON.stringify(credentialsOf(person))),
    },
  ]
}
