// Three servers under load, 20 × kill -9 of each part: a server, Redis, PostgreSQL. Nothing acknowledged is lost, nothing revoked lives on, and all returns by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { Acknowledged, load, losses, momentIn } from '../support/acknowledged.ts'
import { call, createKey, type Person, signIn, signUp, succeed, unreached } from '../support/client.ts'
import { type Fleet, prepareFleet, untilWhole } from '../support/fleet.ts'
import { here } from '../support/place.ts'
import { type OwnPostgres, startPostgres } from '../support/postgres.ts'
import { type OwnRedis, startRedis } from '../support/redis.ts'
import { worstMinute } from '../support/rolling-minute.ts'
import { unlimited } from '../support/server.ts'
import { hammer, watchRevocations } from '../support/watch.ts'

/** Of each kind; fewer where time is short. */
const rounds = Number(process.env.PARTS_ROUNDS ?? 20)
const limit = 100
/** From the moment at which the part was begun again. */
const returnMs = 10_000
/** How long a part stays dead: as soon as a service manager is, or as late. */
const deadMs = () => 100 + Math.random() * (Math.random() < 0.5 ? 400 : 4_000)

const redis = await startRedis()
let postgres: OwnPostgres
let fleet: Fleet
let owners: { readonly enterprise: Person; readonly starter: Person }
beforeAll(async () => {
  if (!redis) return
  postgres = await startPostgres()
  const parts = { DATABASE_URL: postgres.url, REDIS_URL: redis.url }
  fleet = await prepareFleet({ ...unlimited({ starter: { requestsPerMinute: limit } }), ...parts }, [here, here, here])
  // A mail lands in the outbox of the server that sends it: while there is one, it is that one's.
  const { url } = await fleet.add()
  owners = { enterprise: await signUp(url, 'enterprise'), starter: await signUp(url) }
  await fleet.add()
  await fleet.add()
}, 120_000)
afterAll(async () => {
  await fleet?.discard()
  await redis?.kill()
  await postgres?.discard()
})

interface Part {
  /** Of requests in any rolling minute. */
  readonly atMost: number
  kill(round: number): Promise<void>
  restart(round: number): Promise<void>
}

const parts: Readonly<Record<string, Part>> = {
  'one of three servers': {
    atMost: limit,
    kill: (round) => fleet.kill(round % 3),
    restart: (round) => fleet.restart(round % 3),
  },
  Redis: { atMost: 2 * limit, kill: () => (redis as OwnRedis).kill(), restart: () => (redis as OwnRedis).restart() },
  PostgreSQL: { atMost: limit, kill: () => postgres.kill(), restart: () => postgres.restart() },
}

test.skipIf(!redis).each(Object.entries(parts))(
  `${rounds} × kill -9 of %s`,
  async (name, { atMost, kill, restart }) => {
    onTestFailed(() => console.log(fleet.logs()))
    const all = new Acknowledged()
    const whole = new Set<string>()
    const broken: string[] = []
    const worst = { revokedMs: 0, returnMs: 0, workMs: 0 }
    const { email, password } = owners.enterprise
    const limited = await createKey(
      fleet.servers[0]?.url ?? '',
      await signIn(fleet.servers[0]?.url ?? '', owners.starter.email, owners.starter.password),
    )
    const end = new AbortController()
    const hammered = hammer(() => fleet.urls, limited.key, end.signal)
    let service = { urls: fleet.urls, owner: '', key: '' }
    for (let round = 1; round <= rounds; round++) {
      // Each round anew: making and revoking keys asks for a proof of the last 15 minutes.
      const owner = await signIn(fleet.urls[0] ?? '', email, password)
      service = { urls: fleet.urls, owner, key: (await createKey(fleet.urls[0] ?? '', owner)).key }
      const [pids, done, over, watch] = [processes(), new Acknowledged(), new AbortController(), watchRevocations()]
      const loaded = load(service, done, over.signal, watch.revoke)
      await Promise.race([loaded, momentIn(round, done)])
      await kill(round)
      await sleep(deadMs())
      await restart(round)
      const returned = await untilWhole(fleet, owner, 60_000)
      await sleep(500)
      over.abort()
      worst.workMs = Math.max(worst.workMs, await loaded)
      const revocations = await watch.findings()
      const lost = await losses(service, done, whole)
      if (lost.length) broken.push(`round ${round}: ${lost.slice(0, 5).join(', ')}`)
      if (name !== 'one of three servers') expect(processes(), 'no server was touched').toEqual(pids)
      if (revocations.own > 0) broken.push(`round ${round}: a revoked key lived on at its own server`)
      worst.revokedMs = Math.max(worst.revokedMs, revocations.worst)
      worst.returnMs = Math.max(worst.returnMs, returned)
      console.log(
        `${name} ${round}: ${done}, ${lost.length} lost; back in ${ms(returned)}; revoked at most ${ms(revocations.worst)} before, of ${revocations.revoked}`,
      )
      all.add(done)
    }
    end.abort()
    const minute = worstMinute(await hammered)
    expect(broken).toEqual([])
    expect(await losses(service, all)).toEqual([])
    const unsent = await unreached(
      fleet.urls,
      all.people.map((person) => person.email),
      60_000,
    )
    const trail = await succeed(call(fleet.urls[0] ?? '', 'POST', '/api/v2/tenant/audit-verify', { token: service.owner }))
    console.log(
      `${rounds} × kill -9 of ${name}: ${all}; 0 lost; ${unsent.length} mails not sent; trail of ${trail.at('rows')} rows intact: ${trail.at('intact')}; ` +
        `worst: a revoked key ${ms(worst.revokedMs)}, the return ${ms(worst.returnMs)}, a piece of work ${ms(worst.workMs)}, ${minute} in a minute of ${limit}`,
    )
    expect(unsent).toEqual([])
    expect(trail.at('intact')).toBe(true)
    expect(worst.revokedMs).toBeLessThan(1_000)
    expect(worst.returnMs).toBeLessThan(returnMs)
    expect(minute).toBeLessThanOrEqual(atMost)
    expect(all.least).toBeGreaterThan(rounds)
  },
  3_600_000,
)

const processes = () =>
  fleet.servers.map(({ child }) => (child.exitCode === null && child.signalCode === null ? child.pid : null))
const ms = (duration: number) => `${duration.toFixed(0)} ms`
