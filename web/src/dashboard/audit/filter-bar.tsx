// What narrows the trail; every choice stands in the address.
import type { Member } from '@aionvision/sdk'
import { X } from 'lucide-react'
import { audit } from '../../strings/audit.ts'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { type Filters, noFilters, type Period, results, toSearch } from './audit-filters.ts'
import { eventTitle, groupOf, knownTypes } from './event-words.ts'

const text = audit.filters
const groups = [...new Set(knownTypes.map(groupOf))].map((name) => ({
  name,
  types: knownTypes.filter((type) => groupOf(type) === name),
}))

interface Props {
  readonly filters: Filters
  readonly people: readonly Member[]
  readonly onChange: (filters: Filters) => void
}

export function FilterBar({ filters, people, onChange }: Props) {
  const set = (part: Partial<Filters>) => onChange({ ...filters, ...part })
  return (
    <search
      aria-label={text.label}
      className="mb-4 grid grid-cols-2 items-end gap-3 lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)]"
    >
      <SelectField label={text.event} value={filters.event} onChange={({ target }) => set({ event: target.value })}>
        <option value="">{text.anyEvent}</option>
        {filters.event && !knownTypes.some((type) => type === filters.event) && (
          <option value={filters.event}>{filters.event}</option>
        )}
        {groups.map(({ name, types }) => (
          <optgroup key={name} label={name}>
            {types.map((type) => (
              <option key={type} value={type}>
                {eventTitle(type)}
              </option>
            ))}
          </optgroup>
        ))}
      </SelectField>
      <SelectField label={text.actor} value={filters.actor} onChange={({ target }) => set({ actor: target.value })}>
        <option value="">{text.anyActor}</option>
        {filters.actor && !people.some(({ id }) => id === filters.actor) && (
          <option value={filters.actor}>{text.formerActor}</option>
        )}
        {people.map(({ id, name, email }) => (
          <option key={id} value={id}>
            {name && name !== email ? `${name} (${email})` : email}
          </option>
        ))}
      </SelectField>
      <SelectField label={text.result} value={filters.result} onChange={({ target }) => set({ result: target.value })}>
        <option value="">{text.anyResult}</option>
        {results.map((result) => (
          <option key={result} value={result}>
            {audit.results[result]}
          </option>
        ))}
      </SelectField>
      <SelectField label={text.period} value={filters.period} onChange={({ target }) => set({ period: target.value as Period })}>
        {Object.entries(text.periods).map(([period, label]) => (
          <option key={period} value={period}>
            {label}
          </option>
        ))}
      </SelectField>
      {Object.keys(toSearch(filters)).length > 0 && (
        <div className="order-last col-span-full">
          <Button size="small" onClick={() => onChange(noFilters)}>
            <X aria-hidden size={14} />
            {text.reset}
          </Button>
        </div>
      )}
      {filters.period === 'custom' && (
        <div className="col-span-full grid max-w-md grid-cols-2 gap-3">
          <TextField
            label={text.from}
            type="date"
            value={filters.from}
            max={filters.to || undefined}
            onChange={({ target }) => set({ from: target.value })}
          />
          <TextField
            label={text.to}
            type="date"
            value={filters.to}
            min={filters.from || undefined}
            onChange={({ target }) => set({ to: target.value })}
          />
        </div>
      )}
    </search>
  )
}
