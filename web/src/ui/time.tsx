// A moment in the reader's zone, near ones in words; the exact instant on hover.
import { useSyncExternalStore } from 'react'
import { common } from '../strings/common.ts'

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'long' })
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const
const tickMs = 30_000
/** Beyond it a date says more than a distance. */
const relativeSecondsMax = 14 * 86_400
const nearly = 0.98

export function timeInWords(at: Date, now: number): string {
  const seconds = Math.round((at.getTime() - now) / 1000)
  if (Math.abs(seconds) > relativeSecondsMax) return day.format(at)
  // A day that was chosen a moment ago is a day, not 23 hours.
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size * nearly) ?? ['second', 1]
  return words.format(Math.round(seconds / size), unit)
}

function subscribe(notify: () => void): () => void {
  const timer = setInterval(notify, tickMs)
  return () => clearInterval(timer)
}
const tick = () => Math.floor(Date.now() / tickMs)

export function Time({ at, absolute }: { readonly at: string | null | undefined; readonly absolute?: boolean }) {
  useSyncExternalStore(subscribe, tick)
  if (!at) return <span className="text-muted">{common.never}</span>
  const moment = new Date(at)
  return (
    <time
      dateTime={moment.toISOString()}
      title={`${exact.format(moment)} · ${moment.toISOString()}`}
      className="whitespace-nowrap"
    >
      {absolute ? day.format(moment) : timeInWords(moment, Date.now())}
    </time>
  )
}
