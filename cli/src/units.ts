// Sizes, times and spans, as people write and read them.

const kb = 1024

/** 1536 → "1.5 KB": powers of 1024. */
export function readableBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= kb && unit < units.length - 1) {
    value /= kb
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** 95 → "1m 35s". */
export function readableSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`
}

/** "2026-11-23 09:41", in the zone of this machine. */
export function readableTime(iso: string | null | undefined): string | null {
  if (!iso) return null
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** -1 is how the API says that there is no limit. */
export function readableLimit(limit: number, show: (value: number) => string = String): string {
  return limit < 0 ? 'unlimited' : show(limit)
}

const spans: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** "90s", "30m", "12h", "7d", "2w" → seconds; null when it is none. */
export function readSpan(text: string): number | null {
  const match = /^(\d{1,9})([smhdw])$/.exec(text)
  const unit = match?.[2] === undefined ? undefined : spans[match[2]]
  return unit === undefined ? null : Number(match?.[1]) * unit
}
