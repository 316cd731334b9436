// A date or a time that a client wrote, read as leniently as existing clients write it.
import type { Issue } from './errors.ts'

/** A date alone, or with a time, with or without a zone (then UTC); an unescaped + has become a space. */
export function readMoment(written: string | undefined): Date | 'unreadable' | null {
  if (written === undefined || written === '') return null
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(?:([Zz])|([+ -])(\d\d):?(\d\d))?$/.exec(written)
  if (!match) return 'unreadable'
  const [, day, time = '00:00:00', , sign, hours, minutes] = match
  const zone = sign ? `${sign === '-' ? '-' : '+'}${hours}:${minutes}` : 'Z'
  const moment = new Date(`${day}T${time}${zone}`)
  return Number.isNaN(moment.getTime()) ? 'unreadable' : moment
}

/** As the end of a span, which a date alone reaches to its last millisecond. */
export function readEnd(written: string | undefined): Date | 'unreadable' | null {
  return readMoment(/^\d{4}-\d\d-\d\d$/.test(written ?? '') ? `${written}T23:59:59.999` : written)
}

export function unreadable(field: string): Issue {
  return { loc: ['query', field], msg: 'Must be a date or a time in ISO 8601', type: 'datetime_parsing' }
}
