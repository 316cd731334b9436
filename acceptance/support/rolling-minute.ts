// How many requests a limit let in within any rolling minute, judged from outside.
export interface Admission {
  readonly sent: number
  readonly answered: number
}

/**
 * The most that were surely admitted within 60 seconds: all that were sent after some instant and answered within a minute of it.
 * Whatever the moment of the decision was, it lies between the two.
 */
export function worstMinute(admissions: readonly Admission[]): number {
  return Math.max(
    0,
    ...admissions.map(({ sent }) => admissions.filter((other) => other.sent >= sent && other.answered < sent + 60_000).length),
  )
}

/** The fewest that were surely admitted in any `spanMs` between `from` and `to`: a span that begins with the run, or just after one was sent. */
export function leastIn(admissions: readonly Admission[], spanMs: number, from: number, to: number): number {
  const beginnings = [from, ...admissions.map(({ sent }) => sent)].filter((at) => at + spanMs <= to)
  return Math.min(
    ...beginnings.map((at) => admissions.filter(({ sent, answered }) => sent > at && answered <= at + spanMs).length),
  )
}
