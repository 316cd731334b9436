// Three minutes as a line: a stroke up for each request that was let in, one down for each that was not.
import { limitsLab as text } from '../../strings/limits-lab.ts'
import { durationMs, type Outcome } from './simulate.ts'

const width = 900
const height = 150
const bins = 300

export function Timeline({ outcomes, chosen }: { readonly outcomes: readonly Outcome[]; readonly chosen: Outcome | undefined }) {
  const admitted = new Array<number>(bins).fill(0)
  const refused = new Array<number>(bins).fill(0)
  for (const { at, decision } of outcomes) {
    const bin = Math.min(bins - 1, Math.floor((at / durationMs) * bins))
    const side = decision.allowed ? admitted : refused
    side[bin] = (side[bin] ?? 0) + 1
  }
  const most = Math.max(1, ...admitted, ...refused)
  const stroke = (count: number) => (count === 0 ? 0 : Math.max(3, (count / most) * (height / 2 - 12)))
  const step = width / bins
  const path = (counts: readonly number[], up: 1 | -1) =>
    counts.map((count, bin) => (count ? `M${(bin + 0.5) * step} ${height / 2}v${-up * stroke(count)}` : '')).join('')
  return (
    <svg
      role="img"
      aria-label={text.timeline}
      viewBox={`0 0 ${width} ${height}`}
      className="h-auto w-full"
      preserveAspectRatio="none"
    >
      {[0, 1, 2, 3].map((minute) => (
        <line key={minute} x1={minute * 300} x2={minute * 300} y1={0} y2={height} className="stroke-line" />
      ))}
      <line x1={0} x2={width} y1={height / 2} y2={height / 2} className="stroke-edge" />
      <path d={path(admitted, 1)} className="stroke-accent" strokeWidth={step * 0.8} />
      <path d={path(refused, -1)} className="stroke-danger" strokeWidth={step * 0.8} />
      {chosen && (
        <line
          x1={(chosen.at / durationMs) * width}
          x2={(chosen.at / durationMs) * width}
          y1={0}
          y2={height}
          className="stroke-ink"
          strokeDasharray="4 3"
        />
      )}
    </svg>
  )
}
