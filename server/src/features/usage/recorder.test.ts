// What cannot be reached through HTTP in a test's time: tens of thousands of requests between two writes, and PostgreSQL away for minutes.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import pino from 'pino'
import { expect, it } from 'vitest'
import { fakeClock } from '../../testing/harness.ts'
import { Newest, newestMax } from './newest.ts'
import { createUsageRecorder, newTally } from './recorder.ts'

it('keeps the newest 10,000 requests of however many, oldest first', () => {
  const newest = new Newest()
  const total = 2 * newestMax + 7
  for (let index = 0; index < total; index++) newest.add(`key ${index}`, 'GET /', index, 200, index / 2, null)
  const kept: [string, number, number][] = []
  newest.forEach((keyId, _route, at, _status, milliseconds) => {
    kept.push([keyId, at, milliseconds])
  })
  expect(newest.size).toBe(newestMax)
  expect(kept).toEqual(
    Array.from({ length: newestMax }, (_, index) => {
      const at = total - newestMax + index
      return [`key ${at}`, at, at / 2]
    }),
  )
})

it('gives up minutes, never requests, when PostgreSQL is away for longer than memory lasts', async () => {
  const clock = fakeClock(0)
  let away = true
  const written: number[][] = []
  const query = async ({ name, values }: { name: string; values: string[] }) => {
    if (name !== 'usage-batch') return
    if (away) throw new Error('away')
    // The sums' minutes and requests, as the statement takes them.
    written.push(...[values[6], values[10]].map((column) => (column ?? '{}').slice(1, -1).split(',').map(Number)))
  }
  const recorder = createUsageRecorder({ pool: { query } as unknown as pg.Pool, clock, log: pino({ level: 'silent' }) })
  const ask = (keyId: string) =>
    recorder.record(
      {
        principal: { kind: 'key', keyId, tenantId: 'tenant', tally: newTally() },
        route: 'GET /',
        errorCode: null,
      } as unknown as FastifyRequest,
      { statusCode: 200 } as FastifyReply,
      1,
    )
  ask('first')
  await recorder.flush()
  const minutes = 30
  const keys = 10_000
  for (let minute = 0; minute < minutes; minute++) {
    for (let key = 0; key < keys; key++) ask(`${key}`)
    clock.advance(60_000)
  }
  await recorder.flush()
  away = false
  await recorder.stop()
  expect(written).toHaveLength(4)
  const [, firstRequests, laterMinutes = [], laterRequests = []] = written
  expect(firstRequests).toEqual([1])
  expect(laterRequests.reduce((sum, count) => sum + count, 0)).toBe(minutes * keys)
  expect(laterRequests).toHaveLength(200_000)
  expect(new Set(laterMinutes).size).toBe(20)
})
