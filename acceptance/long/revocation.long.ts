// 1,000 × somebody loses a right with 32 requests in flight: after the change was answered, not one request of theirs gets through.
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, mailToken, signIn, signUp, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer } from '../support/server.ts'

/** Fewer where time is short. */
const rounds = Number(process.env.REVOCATION_ROUNDS ?? 1_000)
const lanes = 32
const many = 1_000_000
const env = {
  ...relaxed,
  AION_LIMIT_UNAUTHENTICATED: 'off',
  AION_TENANT_CEILING_FACTOR: '0',
  AION_PLAN_OVERRIDES: JSON.stringify({ enterprise: { requestsPerMinute: many } }),
}
const tenant = '/api/v2/tenant'

let server: Server
const agent = new Agent({ keepAlive: true, maxSockets: 2 * lanes })
beforeAll(async () => {
  server = await startServer(env)
})
afterAll(async () => {
  agent.destroy()
  await server.discard()
})

/** By Node's own client: 32 connections that stay open, and nothing between sending and noting the time. */
async function send(method: string, path: string, token: string, tenantId: string | null): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, ...(tenantId && { 'x-tenant-id': tenantId }) }
  const outgoing = request(server.url + path, { method, headers, agent }).end()
  const [answer] = await once(outgoing, 'response')
  await once(answer.resume(), 'end')
  return answer.statusCode
}

interface Probe {
  readonly method: string
  readonly path: () => string
  readonly token: string
  readonly tenantId: string | null
  /** The answer to who is let in. */
  readonly open: number
}

interface Tally {
  rounds: number
  admittedBefore: number
  sentAfter: number
  admittedAfter: number
}

/** Lanes go round until their first refusal that was sent after the deed was answered, and a few requests beyond it. */
async function round(probes: readonly Probe[], deed: () => Promise<unknown>, tally: Tally): Promise<void> {
  let admitted = 0
  let answered = false
  const lane = async (index: number) => {
    const probe = probes[index % probes.length]
    if (!probe) return
    for (let more = 3; more > 0; ) {
      const late = answered
      const status = await send(probe.method, probe.path(), probe.token, probe.tenantId)
      if (status === probe.open) admitted++
      if (!late) continue
      more--
      tally.sentAfter++
      if (status === probe.open) tally.admittedAfter++
    }
  }
  const running = Array.from({ length: lanes }, (_, index) => lane(index))
  for (let waited = 0; admitted < lanes && waited < 5_000; waited++) await sleep(1)
  tally.admittedBefore += admitted
  await deed()
  answered = true
  await Promise.all(running)
  tally.rounds++
}

interface Member {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly session: string
}

async function join(owner: string): Promise<Member> {
  const email = `person-${randomBytes(8).toString('hex')}@example.com`
  const password = `Pw1-${randomBytes(12).toString('base64url')}`
  await succeed(call(server.url, 'POST', `${tenant}/members/invite`, { token: owner, body: { email, role: 'admin' } }))
  const token = await mailToken(server.url, email, 'accept-invitation')
  const accepted = await succeed(
    call(server.url, 'POST', '/api/v2/auth/session/accept-invitation', { body: { token, name: 'Grace', password } }),
  )
  return { id: accepted.text('user_id'), email, password, session: accepted.text('session_token') }
}

test(`0 of ${rounds.toLocaleString('en')} get through`, async () => {
  const kinds = ['session revoked', 'role lowered', 'member removed', 'factor required'] as const
  const tallies = Object.fromEntries(
    kinds.map((kind) => [kind, { rounds: 0, admittedBefore: 0, sentAfter: 0, admittedAfter: 0 } as Tally]),
  ) as Record<(typeof kinds)[number], Tally>
  const done = () => kinds.reduce((sum, kind) => sum + tallies[kind].rounds, 0)

  /** One workspace: three members lose a session, their role and their membership; then all lose what needs a factor. */
  async function workspace(): Promise<void> {
    const owner = await signUp(server.url, 'enterprise')
    const tenantId = (await succeed(call(server.url, 'GET', `${tenant}/settings`, { token: owner.session }))).text('id')
    const change = (method: string, path: string, body?: unknown) =>
      succeed(call(server.url, method, tenant + path, { token: owner.session, body }))
    const settings = (token: string): Probe => ({ method: 'GET', path: () => `${tenant}/settings`, token, tenantId, open: 200 })
    for (let count = 0; count < 3 && done() < rounds; count++) {
      const member = await join(owner.session)
      const { key } = await createKey(server.url, member.session)
      const session = await signIn(server.url, member.email, member.password)
      const revoke = async () => {
        const list = await succeed(call(server.url, 'GET', '/api/v2/auth/session/sessions', { token: member.session }))
        const current = (JSON.parse(list.raw) as { session_id: string; is_current: boolean }[]).find((row) => row.is_current)
        const path = `/api/v2/auth/session/sessions/${current?.session_id}`
        return succeed(call(server.url, 'DELETE', path, { token: session }))
      }
      await round([settings(member.session)], revoke, tallies['session revoked'])
      // A file that is not there: 404 to who may delete, 403 to who may not.
      const writing = (token: string): Probe => ({
        method: 'DELETE',
        path: () => `/api/v2/user-files/${randomUUID()}`,
        token,
        tenantId: token.startsWith('ses_') ? tenantId : null,
        open: 404,
      })
      const lower = () => change('PATCH', `/members/${member.id}/role`, { role: 'viewer' })
      await round([writing(session), writing(key)], lower, tallies['role lowered'])
      const reading: Probe = { ...settings(key), path: () => '/api/v2/user-files?limit=1', tenantId: null }
      const remove = () => change('DELETE', `/members/${member.id}`)
      await round([settings(session), reading], remove, tallies['member removed'])
    }
    if (done() >= rounds) return
    const last = await join(owner.session)
    const require = () => change('PATCH', '/policy', { factor_required: true })
    await round([settings(last.session), settings(owner.session)], require, tallies['factor required'])
  }

  while (done() < rounds) {
    await workspace()
    if (done() % 100 < 10) console.log(`${done()} rounds`)
  }
  for (const kind of kinds) {
    const { rounds: made, admittedBefore, sentAfter, admittedAfter } = tallies[kind]
    console.log(
      `${kind}: ${made} rounds, ${admittedBefore} requests let in before, ${sentAfter} sent after the answer, ${admittedAfter} of them let in`,
    )
  }
  for (const kind of kinds) {
    expect([kind, tallies[kind].admittedAfter]).toEqual([kind, 0])
    expect(tallies[kind].admittedBefore).toBeGreaterThanOrEqual(tallies[kind].rounds * lanes)
  }
}, 3_600_000)
