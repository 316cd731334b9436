// Random schedules against the plainest correct limiter there is: a list of all admissions.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SlidingLog } from './sliding-log.ts'

const windowMs = 60_000
const gap = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 0, max: 3_000 }),
  fc.constantFrom(59_999, 60_000, 60_001),
  fc.double({ min: 0, max: 200, noNaN: true }),
)

it('admits never more than N in any rolling window, and refuses nothing that a correct limiter would admit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(gap, { maxLength: 600 }), (limit, gaps) => {
      const log = new SlidingLog()
      const admitted: number[] = []
      let now = 1_000
      for (const step of gaps) {
        now += step
        const naive = admitted.filter((instant) => now - instant < windowMs)
        log.expire(now, windowMs)
        const wait = log.wait(now, windowMs, limit)
        expect(wait === 0).toBe(naive.length < limit)
        expect(log.remaining(limit)).toBe(limit - naive.length)
        if (wait > 0) expect(wait).toBe(windowMs - (now - (naive[naive.length - limit] ?? 0)))
        else {
          log.admit(now, limit)
          admitted.push(now)
        }
      }
      for (let index = limit; index < admitted.length; index++)
        expect((admitted[index] ?? 0) - (admitted[index - limit] ?? 0)).toBeGreaterThanOrEqual(windowMs)
    }),
    { numRuns: 300 },
  )
})

it('follows a limit that changes between requests', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, fc.integer({ min: 1, max: 50 })), { maxLength: 400 }), (steps) => {
      const log = new SlidingLog()
      let admitted: number[] = []
      let now = 0
      for (const [step, limit] of steps) {
        now += step
        admitted = admitted.filter((instant) => now - instant < windowMs)
        log.expire(now, windowMs)
        expect(log.wait(now, windowMs, limit) === 0).toBe(admitted.length < limit)
        if (admitted.length >= limit) continue
        log.admit(now, limit)
        admitted.push(now)
      }
      expect(log.instants()).toEqual(admitted)
    }),
  )
})

it('takes at most 8 bytes for each request the limit allows', () => {
  const log = new SlidingLog()
  for (let index = 0; index < 500; index++) log.admit(index, 500)
  const bytes = () => (log as unknown as { ring: Float64Array }).ring.byteLength
  expect(bytes()).toBe(500 * 8)
  log.expire(windowMs + 499, windowMs)
  log.admit(windowMs + 499, 10)
  expect(bytes()).toBeLessThanOrEqual(10 * 8)
})
