// The lab says what the server would: the same schedules, decided by the server's limiter, give the same decisions.
import { createLocalLimiter } from '@aionvision/limiter/rate-limiter.ts'
import { describe, expect, it } from 'vitest'
import { type Pattern, simulate, worstMinute } from './simulate.ts'

const patterns: readonly Pattern[] = ['steady', 'bursts', 'edges', 'random', 'patient']

describe.each(patterns)('%s', (pattern) => {
  it.each([
    [10, 3],
    [90, 30],
    [400, 100],
  ])('at %i a minute against %i', (perMinute, limit) => {
    let now = 0
    const clock = { now: () => now, monotonic: () => now }
    const server = createLocalLimiter({ clock, file: '/nowhere' })
    const outcomes = simulate(pattern, perMinute, limit, 7)
    for (const { at, decision } of outcomes) {
      now = at
      expect(server.decide('key', limit, 60_000)).toEqual(decision)
    }
    expect(worstMinute(outcomes)).toBeLessThanOrEqual(limit)
    expect(outcomes.some(({ decision }) => decision.allowed)).toBe(true)
    if (pattern === 'patient') expect(outcomes.filter(({ decision }) => decision.allowed)).toHaveLength(3 * limit)
  })
})
