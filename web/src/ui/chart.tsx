// Lines and bars over time (uPlot draws them), with the same numbers as a table for whoever does not see a picture.
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Series {
  readonly label: string
  /** A colour of the theme: `accent`, `danger`, `warn`, `muted`. */
  readonly color: string
  readonly values: readonly (number | null)[]
  readonly kind?: 'line' | 'bars'
}

interface Props {
  readonly label: string
  /** Epoch seconds, ascending. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly height?: number
}

const daySeconds = 86_400
const dayInWords = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' })

/** Days of the server, which are UTC's: no hours between them, no day of the reader's own, and room for the first and the last bar. */
function wholeDays(times: readonly number[]) {
  const [first = 0, second = 0] = times
  if (second - first !== daySeconds || first % daySeconds !== 0) return null
  return {
    tzDate: (time: number) => uPlot.tzDate(new Date(time * 1000), 'Etc/UTC'),
    x: { range: (_plot: uPlot, low: number, high: number): [number, number] => [low - daySeconds / 2, high + daySeconds / 2] },
    axis: {
      incrs: [1, 2, 7, 14, 30].map((days) => days * daySeconds),
      values: (_plot: uPlot, ticks: readonly number[]) => ticks.map((tick) => dayInWords.format(tick * 1000)),
    },
  }
}

const colorOf = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** What `light-dark()` comes to here: a canvas takes plain colours only. */
function resolved(name: string): string {
  const probe = document.createElement('span')
  probe.style.color = colorOf(name)
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

export function Chart({ label, times, series, height = 240 }: Props) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (!element) return
    let plot: uPlot | null = null
    const draw = () => {
      plot?.destroy()
      const [muted, line] = [resolved('muted'), resolved('line')]
      const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '12px system-ui' }
      const days = wholeDays(times)
      plot = new uPlot(
        {
          width: element.clientWidth,
          height,
          legend: { show: series.length > 1 },
          cursor: { drag: { x: false, y: false } },
          ...(days && { tzDate: days.tzDate }),
          scales: { ...(days && { x: days.x }), y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
          axes: [
            { ...axis, ...days?.axis },
            {
              ...axis,
              size: 56,
              values: (_plot, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick.toLocaleString('en') : '')),
            },
          ],
          series: [
            {},
            ...series.map(({ label, color, kind }) => {
              const stroke = resolved(color)
              return kind === 'bars'
                ? { label, stroke, fill: stroke, paths: uPlot.paths.bars?.({ size: [0.7, 40] }) ?? null, points: { show: false } }
                : { label, stroke, width: 2, points: { show: times.length < 2 } }
            }),
          ],
        } as uPlot.Options,
        [times, ...series.map(({ values }) => values)] as uPlot.AlignedData,
        element,
      )
    }
    draw()
    const resize = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', draw)
    const theme = new MutationObserver(draw)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      resize.disconnect()
      theme.disconnect()
      dark.removeEventListener('change', draw)
      plot?.destroy()
    }
  }, [times, series, height])
  return (
    <figure className="m-0">
      <div ref={box} role="img" aria-label={label} className="w-full overflow-hidden" style={{ minHeight: height }} />
    </figure>
  )
}
