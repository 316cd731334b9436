// Stops asking a store that does not answer, so that nobody waits for its timeouts; one request after a while finds out whether it is back.
import { StoreUnavailableError } from '../object-store.ts'

const failuresMax = 4
const openMs = 5_000

export interface Breaker {
  /** Throws while the store is taken as gone. */
  check(): void
  run<T>(work: () => Promise<T>): Promise<T>
  readonly open: boolean
}

/** `monotonic`: milliseconds that never go back. */
export function createBreaker(monotonic: () => number, onChange: (open: boolean) => void): Breaker {
  let failures = 0
  let openedAt: number | null = null
  let probing = false
  const isOpen = () => openedAt !== null && (probing || monotonic() - openedAt < openMs)

  function check(): void {
    if (isOpen()) throw new StoreUnavailableError('the store did not answer a moment ago')
  }

  return {
    check,
    get open() {
      return openedAt !== null
    },
    async run(work) {
      check()
      const probe = openedAt !== null
      probing ||= probe
      try {
        const result = await work()
        failures = 0
        if (openedAt !== null) onChange(false)
        openedAt = null
        return result
      } catch (error) {
        if (error instanceof StoreUnavailableError && (++failures >= failuresMax || probe)) {
          if (openedAt === null) onChange(true)
          openedAt = monotonic()
        }
        throw error
      } finally {
        if (probe) probing = false
      }
    },
  }
}
