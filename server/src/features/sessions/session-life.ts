// How long a session lives: it slides with use, and ends at last however much it is used.
const dayMs = 86_400_000

export const slidingMs = 7 * dayMs
export const rememberedSlidingMs = 30 * dayMs
export const absoluteMs = 90 * dayMs

export interface SessionTimes {
  readonly rememberMe: boolean
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly lastAccessedAt: number
  /** Where an end was fixed when it began. */
  readonly endsAtMost?: number | null
}

/** The instant from which the session is refused, unless it is used before. */
export function sessionEnd({ rememberMe, createdAt, lastAccessedAt, endsAtMost }: SessionTimes): number {
  const sliding = lastAccessedAt + (rememberMe ? rememberedSlidingMs : slidingMs)
  return Math.min(sliding, createdAt + absoluteMs, endsAtMost ?? Number.POSITIVE_INFINITY)
}
