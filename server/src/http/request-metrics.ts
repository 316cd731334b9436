// How many requests each route answered, how and how fast: numbers in arrays, since every request adds to them and few ask.

/** Seconds; a call with a key takes a tenth of the first, a password hash a tenth of the last. */
export const durationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
const boundsMs = durationBounds.map((seconds) => seconds * 1000)
/** Of one status class: a count for each bound and for what is beyond them all, then the sum in milliseconds. */
const places = boundsMs.length + 2

export interface RequestSeries {
  /** As `request.route`: method and template; empty where no route was meant. */
  readonly route: string
  readonly statusClass: number
  /** Not cumulative; the last one has no bound. */
  readonly counts: readonly number[]
  readonly sumMs: number
}

export interface RequestMetrics {
  observe(route: string, status: number, milliseconds: number): void
  series(): RequestSeries[]
}

export function createRequestMetrics(): RequestMetrics {
  // As many as there are routes: the template is counted, never a path.
  const routes = new Map<string, Float64Array>()
  return {
    observe(route, status, milliseconds) {
      let numbers = routes.get(route)
      if (!numbers) {
        numbers = new Float64Array(6 * places)
        routes.set(route, numbers)
      }
      const first = Math.trunc(status / 100) * places
      let bucket = 0
      while (milliseconds > (boundsMs[bucket] as number)) bucket++
      numbers[first + bucket] = (numbers[first + bucket] as number) + 1
      const sum = first + places - 1
      numbers[sum] = (numbers[sum] as number) + milliseconds
    },
    series: () =>
      [...routes].flatMap(([route, numbers]) =>
        [1, 2, 3, 4, 5].flatMap((statusClass) => {
          const own = Array.from(numbers.subarray(statusClass * places, (statusClass + 1) * places))
          const counts = own.slice(0, -1)
          return counts.some((count) => count > 0) ? [{ route, statusClass, counts, sumMs: own[places - 1] ?? 0 }] : []
        }),
      ),
  }
}
