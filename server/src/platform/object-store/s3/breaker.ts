// Stops asking a store that does not answer, so that nobody waits for its timeouts; a probe, or one request after a while, finds out whether it is back.
import { StoreUnavailableError } from '../object-store.ts'

const failuresMax = 4
const openMs = 5_000

export interface Breaker {
  /** Throws while the store is taken as gone. */
  check(): void
  run<T>(work: () => Promise<T>): Promise<T>
  /** Asks whether the store is there, whatever is taken for true. */
  probe<T>(work: () => Promise<T>): Promise<T>
  readonly open: boolean
}

interface Options {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number
  readonly onChange: (open: boolean) => void
  /** Somebody probes: no request has to find out. */
  readonly watched: boolean
}

export function createBreaker({ monotonic, onChange, watched }: Options): Breaker {
  let failures = 0
  let openedAt: number | null = null
  let probing = false
  const isOpen = () => openedAt !== null && (watched || probing || monotonic() - openedAt < openMs)

  function check(): void {
    if (isOpen()) throw new StoreUnavailableError('the store did not answer a moment ago')
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
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
  }

  return {
    check,
    get open() {
      return openedAt !== null
    },
    async run(work) {
      check()
      return attempt(work)
    },
    probe: attempt,
  }
}
