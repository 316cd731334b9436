// Waits ahead of a limit that the last answers showed, so that a burst costs patience instead of refusals.
import type { RateLimit } from './errors.ts'

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

/**
 * Until a first answer tells the limit one request goes alone. Then as many as the newest answer says are left go, counting those that
 * are under way; the next ones wait until a slot frees. The limit is a rolling minute, so each answer's place frees a minute after it.
 */
export class Pace {
  readonly #now: () => number
  readonly #sleep: Sleep
  #limit: number | null = null
  /** When requests of the last minute were let go, oldest first. */
  #sent: number[] = []
  #underWay = 0
  #notBefore = 0
  #known = false
  #turn: Promise<void> = Promise.resolve()

  constructor(now: () => number, sleep: Sleep) {
    this.#now = now
    this.#sleep = sleep
  }

  /** Resolves when a request may go; call `settle` once it has been answered, or has failed. */
  async enter(signal: AbortSignal): Promise<void> {
    const before = this.#turn
    let leave = () => {}
    this.#turn = new Promise<void>((resolve) => {
      leave = resolve
    })
    try {
      await before
      for (let wait = this.#wait(); wait > 0; wait = this.#wait()) await this.#sleep(wait, signal)
      this.#underWay++
      this.#sent.push(this.#now())
    } finally {
      leave()
    }
  }

  /** What an answer said of the limit; null for an answer without one, and for none. */
  settle(rate: RateLimit | null, refusedForMs: number | null): void {
    this.#underWay--
    const now = this.#now()
    if (refusedForMs !== null) this.#notBefore = Math.max(this.#notBefore, now + refusedForMs)
    if (!rate) {
      this.#known ||= this.#underWay === 0
      return
    }
    this.#known = true
    this.#limit = rate.limit
    // Others may use the same key: what they took is taken here as well, at the latest instant it can have been.
    const mine = this.#sent.filter((at) => at > now - minuteMs).length
    const taken = rate.limit - rate.remaining
    if (rate.remaining === 0 && taken > mine) this.#notBefore = Math.max(this.#notBefore, rate.resetAt)
  }

  #wait(): number {
    const now = this.#now()
    if (this.#notBefore > now) return this.#notBefore - now
    if (!this.#known) return this.#underWay === 0 ? 0 : pollMs
    if (this.#limit === null) return 0
    while (this.#sent.length && (this.#sent[0] as number) <= now - minuteMs - graceMs) this.#sent.shift()
    if (this.#sent.length < this.#limit) return 0
    return Math.max(1, (this.#sent[0] as number) + minuteMs + graceMs - now)
  }
}

const minuteMs = 60_000
/** The server counts from when a request reaches it, which is later than when it was let go. */
const graceMs = 250
const pollMs = 5
