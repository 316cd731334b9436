// Spans of time, all of them UTC, half open and of whole minutes: what was asked for, and what it means where nothing was.
import { type Issue, validationError } from '../../http/errors.ts'
import { readEnd, readMoment, unreadable } from '../../http/moment.ts'
import type { Range, Unit } from './queries.ts'

export const minuteMs = 60_000
export const dayMs = 24 * 3_600_000

/** Points of a chart at most: a month of hours, a year and more of days. */
const pointsMax = 750

export interface Asked {
  readonly start_date?: string
  readonly end_date?: string
}

/** Either end may be left out: the end is then now, the start is what `startOf` makes of the end. Each reaches to its whole minute. */
export function readRange(asked: Asked, now: number, startOf: (lastMs: number) => number): Range {
  const [from, to] = [readMoment(asked.start_date), readEnd(asked.end_date)]
  const issues: Issue[] = []
  if (from === 'unreadable') issues.push(unreadable('start_date'))
  if (to === 'unreadable') issues.push(unreadable('end_date'))
  if (from === 'unreadable' || to === 'unreadable') throw validationError(issues)
  const end = Math.ceil((to?.getTime() ?? now + 1) / minuteMs) * minuteMs
  const start = from ? Math.floor(from.getTime() / minuteMs) * minuteMs : startOf(end - 1)
  if (start >= end)
    throw validationError([
      { loc: ['query', to ? 'end_date' : 'start_date'], msg: 'The range ends before it begins', type: 'value_error' },
    ])
  return { start: new Date(start), end: new Date(end) }
}

/** The beginning of the day, the week (Monday), the month, the quarter or the year that `at` is in. */
export function beginningOf(period: 'day' | 'week' | 'month' | 'quarter' | 'year', at: number): number {
  const date = new Date(at)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  switch (period) {
    case 'day':
      return Date.UTC(year, month, day)
    case 'week':
      return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7))
    case 'month':
      return Date.UTC(year, month)
    case 'quarter':
      return Date.UTC(year, month - (month % 3))
    case 'year':
      return Date.UTC(year, 0)
  }
}

export function monthsAfter(begins: number, months: number): number {
  const date = new Date(begins)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months)
}

/** Without a start a chart shows the last 24 hours, 30 days or 12 months. */
export const chartStart: Readonly<Record<Unit, (last: number) => number>> = {
  hour: (last) => last + 1 - dayMs,
  day: (last) => beginningOf('day', last) - 29 * dayMs,
  month: (last) => monthsAfter(beginningOf('month', last), -11),
}

/** The beginning of each hour, day or month that the range touches. */
export function unitsOf(unit: Unit, { start, end }: Range): number[] {
  const units: number[] = []
  const first = unit === 'hour' ? Math.floor(start.getTime() / 3_600_000) * 3_600_000 : beginningOf(unit, start.getTime())
  const next = (begins: number) => (unit === 'month' ? monthsAfter(begins, 1) : begins + (unit === 'hour' ? 3_600_000 : dayMs))
  for (let begins = first; begins < end.getTime(); begins = next(begins)) {
    if (units.length === pointsMax)
      throw validationError([
        { loc: ['query', 'start_date'], msg: `The range has more than ${pointsMax} points of a ${unit}`, type: 'value_error' },
      ])
    units.push(begins)
  }
  return units
}

/** `2026-11-03 14:00`, `2026-11-03` or `2026-11`. */
export function labelOf(unit: Unit, begins: number): string {
  const text = new Date(begins).toISOString()
  return unit === 'hour' ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : text.slice(0, unit === 'day' ? 10 : 7)
}
