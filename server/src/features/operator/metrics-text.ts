// Prometheus' text format 0.0.4, as much of it as counters, gauges and histograms need.
// https://prometheus.io/docs/instrumenting/exposition_formats/

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>
export interface Sample {
  readonly labels?: Labels
  readonly value: number
}
export interface HistogramSample {
  readonly labels: Labels
  /** Not cumulative; one more than there are bounds. */
  readonly counts: readonly number[]
  readonly sum: number
}

/** Empty where there is nothing to say. */
export function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[] | number): string {
  const given = typeof samples === 'number' ? [{ value: samples }] : samples
  return withHead(
    name,
    type,
    help,
    given.map(({ labels = {}, value }) => line(name, labels, value)),
  )
}

export function histogram(name: string, help: string, bounds: readonly number[], samples: readonly HistogramSample[]): string {
  return withHead(
    name,
    'histogram',
    help,
    samples.flatMap(({ labels, counts, sum }) => {
      let total = 0
      const buckets = counts.map((count, place) => {
        total += count
        return line(`${name}_bucket`, { ...labels, le: place < bounds.length ? String(bounds[place]) : '+Inf' }, total)
      })
      return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)]
    }),
  )
}

function withHead(name: string, type: string, help: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escaped)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join()}}` : ''} ${value}`
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}
