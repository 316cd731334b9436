// Search, type, order and view of the files.
import { useEffect, useRef, useState } from 'react'
import { fileWords as text } from '../../strings/files.ts'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { type MediaType, type Order, orders, type useFileAddress } from './file-filter.ts'

type Address = ReturnType<typeof useFileAddress>[0]
type Change = ReturnType<typeof useFileAddress>[1]

/** Asked once the typing pauses. */
const pauseMs = 250

export function FileToolbar({
  address,
  onChange,
  total,
}: {
  readonly address: Address
  readonly onChange: Change
  readonly total: number
}) {
  return (
    <>
      <div className="grid grid-cols-2 items-center gap-3 sm:grid-cols-[minmax(0,1fr)_9rem_10.5rem_auto]">
        <Search value={address.q} onChange={(q) => onChange({ q })} />
        <SelectField
          label={text.type}
          labelHidden
          value={address.type ?? ''}
          onChange={({ target }) => onChange({ type: (target.value || null) as MediaType | null })}
        >
          <option value="">{text.types.all}</option>
          <option value="image">{text.types.image}</option>
          <option value="document">{text.types.document}</option>
        </SelectField>
        <SelectField
          label={text.sort}
          labelHidden
          value={address.order}
          onChange={({ target }) => onChange({ order: target.value as Order })}
        >
          {(Object.keys(orders) as Order[]).map((order) => (
            <option key={order} value={order}>
              {text.sorts[order]}
            </option>
          ))}
        </SelectField>
        <div className="col-span-2 sm:col-span-1">
          <Segmented
            label={text.view}
            value={address.view}
            options={[
              { value: 'gallery', label: text.views.gallery },
              { value: 'list', label: text.views.list },
            ]}
            onChange={(view) => onChange({ view })}
          />
        </div>
      </div>
      <p role="status" className="mt-2 mb-3 text-[0.8125rem] text-muted tabular-nums">
        {text.count(total)}
      </p>
    </>
  )
}

function Search({ value, onChange }: { readonly value: string; readonly onChange: (q: string) => void }) {
  const [typed, setTyped] = useState(value)
  const told = useRef(value)
  const tell = useRef(onChange)
  tell.current = onChange
  // The address changed by itself: back, or "show all".
  useEffect(() => {
    if (value === told.current) return
    told.current = value
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed === told.current) return
    const timer = setTimeout(() => {
      told.current = typed
      tell.current(typed)
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div className="col-span-2 sm:col-span-1">
      <TextField
        type="search"
        label={text.search}
        labelHidden
        placeholder={text.search}
        maxLength={200}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
    </div>
  )
}
