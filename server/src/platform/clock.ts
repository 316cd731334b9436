// Time as an argument, so that tests can hold it still and limits never follow a wall clock that jumps.
import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Milliseconds that never go back; their origin means nothing. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
