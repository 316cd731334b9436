// Three servers, PostgreSQL and Redis on a network of their own, cut in turn: nothing acknowledged is lost, nothing revoked lives on, and all returns by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { Acknowledged, load, losses } from '../support/acknowledged.ts'
import { createKey, type Person, signIn, signUp } from '../support/client.ts'
import { type Fleet, prepareFleet, untilWhole } from '../support/fleet.ts'
import { type Cut, layNetwork } from '../support/namespaces.ts'
import { type OwnPostgres, startPostgres } from '../support/postgres.ts'
import { type OwnRedis, startRedis } from '../support/redis.ts'
import { startServer, unlimited } from '../support/server.ts'
import { watchRevocations } from '../support/watch.ts'

const servers = ['one', 'two', 'three'] as const
const network = layNetwork([...servers, 'postgres', 'redis'])
/** How long a cut lasts, by turns. */
const cutMs = [1_500, 12_000]
/** From the moment at which the way is whole again. */
const returnMs = 5_000

let redis: OwnRedis | null = null
let postgres: OwnPostgres
let fleet: Fleet
let owner: Person
beforeAll(async () => {
  if (!network) return
  redis = await startRedis(network.places.redis)
  postgres = await startPostgres(network.places.postgres)
  const parts = { DATABASE_URL: postgres.url, REDIS_URL: redis?.url ?? '' }
  fleet = await prepareFleet(
    { ...unlimited(), ...parts },
    servers.map((name) => network.places[name]),
  )
  // A server shows its mails on this machine's own addresses only.
  const first = await startServer(fleet.env)
  owner = await signUp(first.url, 'enterprise')
  await first.discard()
  for (const _ of servers) await fleet.add()
}, 120_000)
afterAll(async () => {
  network?.mend()
  await fleet?.discard()
  await redis?.kill()
  await postgres?.discard()
  network?.remove()
})

const cuts: Readonly<Record<string, readonly (readonly [from: 'one' | 'two' | 'three', to: 'postgres' | 'redis'])[]>> = {
  'one server from PostgreSQL': [['one', 'postgres']],
  'one server from Redis': [['one', 'redis']],
  'one server from both': [
    ['one', 'postgres'],
    ['one', 'redis'],
  ],
  'every server from PostgreSQL': servers.map((name) => [name, 'postgres'] as const),
  'every server from Redis': servers.map((name) => [name, 'redis'] as const),
  'every server from both': servers.flatMap((name) => [[name, 'postgres'] as const, [name, 'redis'] as const]),
}

const cases = Object.keys(cuts).flatMap((what) => (['lost', 'refused'] as const).map((how): [string, Cut] => [what, how]))
test.skipIf(!network).each(cases)(
  'packets of %s are %s',
  async (what, how) => {
    onTestFailed(() => console.log(fleet.logs()))
    for (const duration of cutMs) {
      const session = await signIn(fleet.urls[1] ?? '', owner.email, owner.password)
      const service = { urls: fleet.urls, owner: session, key: (await createKey(fleet.urls[1] ?? '', session)).key }
      const [done, over, watch] = [new Acknowledged(), new AbortController(), watchRevocations()]
      const loaded = load(service, done, over.signal, watch.revoke)
      await sleep(1_000)
      for (const [from, to] of cuts[what] ?? []) network?.cut(from, to, how)
      await sleep(duration)
      network?.mend()
      const returned = await untilWhole(fleet, session, 60_000)
      await sleep(500)
      over.abort()
      await loaded
      const { revoked, worst, own } = await watch.findings()
      const lost = await losses(service, done)
      console.log(
        `${what} ${how} for ${duration} ms: ${done}, ${lost.length} lost; back in ${returned.toFixed(0)} ms; ` +
          `revoked at most ${worst.toFixed(0)} ms before, of ${revoked}`,
      )
      expect(lost).toEqual([])
      expect(own, 'let in by the server that took the revocation').toBe(0)
      expect(worst).toBeLessThan(1_000)
      expect(returned).toBeLessThan(returnMs)
    }
  },
  300_000,
)
