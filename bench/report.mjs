// Medians, spreads and ratios as Markdown; ratios are taken round by round, so that a slow minute touches both sides.
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const figure = (value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toPrecision(3)
const spread = (values) => `${figure(Math.min(...values))} – ${figure(Math.max(...values))}`

export function figuresTable(results, yardstick) {
  const rows = [
    '| measured | requests/s, median | min – max | p50 ms | p99 ms | of the bare route | CPU µs a request | of the bare route, by CPU |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
  ]
  for (const [name, rounds] of results) {
    const middle = (field) => figure(median(rounds.map((round) => round[field])))
    const share = (unit) => figure(median(ratios(results, name, yardstick, unit)))
    const rates = rounds.map((round) => round.perSecond)
    const cpu = figure(median(rounds.map((round) => 1e6 / round.perCpuSecond)))
    const cells = [
      name,
      middle('perSecond'),
      spread(rates),
      middle('p50'),
      middle('p99'),
      share('perSecond'),
      cpu,
      share('perCpuSecond'),
    ]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  return rows.join('\n')
}

export function ratios(results, name, against, unit) {
  const other = results.get(against)
  return results.get(name).map((round, index) => round[unit] / other[index][unit])
}

/** bars: what, values, required, and `atMost` when less is better. */
export function barsTable(bars) {
  const rows = ['| promised | median | min – max | required | holds |', '|---|--:|--:|--:|---|']
  let failed = 0
  for (const { what, values, required, atMost } of bars) {
    const value = median(values)
    const holds = atMost ? value < required : value >= required
    if (!holds) failed++
    rows.push(
      `| ${what} | ${figure(value)} | ${spread(values)} | ${atMost ? '<' : '≥'} ${required} | ${holds ? 'yes' : '**no**'} |`,
    )
  }
  return { text: rows.join('\n'), failed }
}
