// What the README promises, as ratios of two cases measured in the same round.
import { ratios } from './report.mjs'

export const yardstick = 'bare Fastify route'

/** unit: `perSecond`, or `perCpuSecond` on a machine that others use too. */
export function promises(measured, growth, unit) {
  const against = (name, other) => ratios(measured, name, other, unit)
  const hot = 'hot path with a key'
  return [
    { what: 'hot path ÷ bare Fastify route', values: against(hot, yardstick), required: 0.6 },
    { what: 'hot path ÷ better-auth on SQLite (WAL)', values: against(hot, 'better-auth key, SQLite WAL'), required: 30 },
    { what: 'hot path ÷ better-auth at its fastest', values: against(hot, 'better-auth key, fastest'), required: 6 },
    { what: '401 flood, bad checksum ÷ bare', values: against('401: bad checksum', yardstick), required: 0.5 },
    { what: '401 flood, unknown key ÷ bare', values: against('401: unknown key', yardstick), required: 0.5 },
    { what: '429 flood ÷ bare', values: against('429: limit reached', yardstick), required: 0.5 },
    {
      what: 'session ÷ better-auth getSession, cookie cache',
      values: against('session by cookie', 'better-auth session, cookie cache'),
      required: 10,
    },
    { what: 'login ÷ the hash alone', values: against('login', 'argon2id alone'), required: 0.85 },
    { what: 'memory added by a 100 MB upload, MB', values: growth, required: 50, atMost: true },
  ]
}
