// The limits lab: what passes, what is refused, and what the headers say, before a single request is sent.
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useApi } from '../../api.ts'
import { usePageTitle } from '../../page-title.ts'
import { limitsLab as text } from '../../strings/limits-lab.ts'
import { Button } from '../../ui/button.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Choice, SelectField, TextField } from '../../ui/field.tsx'
import { Badge, Card, PageHeader } from '../../ui/surface.tsx'
import { useSession } from '../session.ts'
import { headersOf, type Outcome, type Pattern, simulate, worstMinute } from './simulate.ts'
import { Timeline } from './timeline.tsx'

const patterns = ['steady', 'bursts', 'edges', 'random', 'patient'] as const
const limitMax = 1_000
const rateMax = 2_000

export function LimitsLabPage() {
  usePageTitle(text.title)
  const api = useApi()
  const { workspace } = useSession()
  const plans = useQuery({
    queryKey: ['plans'],
    queryFn: () => api.request('GET', '/api/v2/plans'),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const withAccess = plans.data?.plans.filter(({ api_access }) => api_access) ?? []
  const [plan, setPlan] = useState<string>(workspace.plan === 'free' ? 'starter' : workspace.plan)
  const [own, setOwn] = useState(60)
  const [pattern, setPattern] = useState<Pattern>('bursts')
  const [rate, setRate] = useState(90)
  const [seed, setSeed] = useState(1)
  const [place, setPlace] = useState(0)
  const limit = plan === 'own' ? own : (withAccess.find(({ name }) => name === plan)?.requests_per_minute ?? 30)
  const outcomes = useMemo(() => simulate(pattern, rate, limit, seed), [pattern, rate, limit, seed])
  const admitted = outcomes.filter(({ decision }) => decision.allowed).length
  const chosen = outcomes[Math.min(place, outcomes.length - 1)]
  return (
    <>
      <PageHeader title={text.title} lead={text.lead} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-[18rem_minmax(0,1fr)]">
        <Card className="self-start">
          <div className="grid gap-5">
            <SelectField label={text.plan} value={plan} onChange={(event) => setPlan(event.target.value)}>
              {withAccess.map(({ name, title, requests_per_minute }) => (
                <option key={name} value={name}>
                  {title} · {requests_per_minute}
                </option>
              ))}
              <option value="own">{text.ownLimit}</option>
            </SelectField>
            {plan === 'own' && (
              <TextField
                type="number"
                min={1}
                max={limitMax}
                label={text.limit}
                value={own}
                onChange={(event) => setOwn(between(1, limitMax, Number(event.target.value)))}
              />
            )}
            <fieldset className="grid gap-2.5">
              <legend className="mb-1.5 font-medium">{text.pattern}</legend>
              {patterns.map((each) => (
                <Choice
                  key={each}
                  type="radio"
                  name="pattern"
                  label={text.patterns[each][0]}
                  hint={text.patterns[each][1]}
                  checked={pattern === each}
                  onChange={() => setPattern(each)}
                />
              ))}
            </fieldset>
            {pattern !== 'patient' && (
              <TextField
                type="number"
                min={1}
                max={rateMax}
                label={text.rate}
                value={rate}
                onChange={(event) => setRate(between(1, rateMax, Number(event.target.value)))}
              />
            )}
            {pattern === 'random' && <Button onClick={() => setSeed(seed + 1)}>{text.again}</Button>}
          </div>
        </Card>
        <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-5">
          <Card>
            <p role="status" className="mb-3">
              <span className="font-medium">{text.result(admitted, outcomes.length - admitted)}</span>
              <span className="text-muted"> · {text.worst(worstMinute(outcomes), limit)}</span>
            </p>
            <Timeline outcomes={outcomes} chosen={chosen} />
            <label className="mt-4 grid gap-1.5 text-[0.875rem]">
              <span className="text-muted">{text.choose}</span>
              <input
                type="range"
                min={0}
                max={outcomes.length - 1}
                value={Math.min(place, outcomes.length - 1)}
                onChange={(event) => setPlace(Number(event.target.value))}
                className="w-full accent-accent"
              />
            </label>
            {chosen && <Chosen outcome={chosen} />}
          </Card>
          <DataTable
            label={text.table}
            rows={outcomes}
            columns={columns}
            rowId={({ number }) => String(number)}
            maxHeight="24rem"
          />
        </div>
      </div>
    </>
  )
}

function Chosen({ outcome }: { readonly outcome: Outcome }) {
  const [beganAt] = useState(() => Date.now())
  return (
    <div className="mt-3">
      <p className="mb-2 flex flex-wrap items-center gap-2 text-[0.875rem]">
        <span className="tabular-nums">
          #{outcome.number} · {secondsOf(outcome)}
        </span>
        <Verdict outcome={outcome} />
        <span className="text-muted">{text.headers}</span>
      </p>
      <pre tabIndex={0} aria-label={text.headers} className="overflow-x-auto rounded-control bg-sunken p-3">
        {headersOf(outcome, beganAt)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n')}
      </pre>
    </div>
  )
}

const secondsOf = ({ at }: Outcome) => text.at((at / 1000).toFixed(2))
const between = (low: number, high: number, value: number) => Math.min(high, Math.max(low, Math.round(value) || low))

function Verdict({ outcome }: { readonly outcome: Outcome }) {
  return outcome.decision.allowed ? <Badge tone="ok">{text.admitted}</Badge> : <Badge tone="danger">{text.refused}</Badge>
}

const columns: readonly Column<Outcome>[] = [
  { id: 'number', header: text.columns.number, width: '4.5rem', value: ({ number }) => number, cell: ({ number }) => number },
  { id: 'at', header: text.columns.at, width: '7rem', value: ({ at }) => at, cell: secondsOf },
  {
    id: 'verdict',
    header: text.columns.verdict,
    width: 'minmax(8rem, 1fr)',
    value: ({ decision }) => Number(decision.allowed),
    cell: (outcome) => <Verdict outcome={outcome} />,
  },
  {
    id: 'remaining',
    header: text.columns.remaining,
    width: '7rem',
    align: 'right',
    value: ({ decision }) => decision.remaining,
    cell: ({ decision }) => decision.remaining,
  },
  {
    id: 'retry-after',
    header: text.columns.retryAfter,
    width: '7rem',
    align: 'right',
    value: ({ decision }) => decision.retryAfterMs,
    cell: ({ decision }) => (decision.allowed ? '' : Math.ceil(decision.retryAfterMs / 1000)),
  },
]
