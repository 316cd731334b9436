// Search over all pages by an index that was built with them; it is fetched when somebody first searches.
import { useNavigate } from '@tanstack/react-router'
import type MiniSearch from 'minisearch'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { docs } from '../strings/docs.ts'
import { classes } from '../ui/classes.ts'
import { controlClass } from '../ui/field.tsx'

const text = docs.search
const shownMax = 8
interface Found {
  readonly id: string
  readonly title: string
}

async function loadIndex(): Promise<MiniSearch> {
  const [{ default: Index }, { default: json }] = await Promise.all([import('minisearch'), import('virtual:docs/search')])
  return Index.loadJSON(json, { fields: ['title', 'text'], storeFields: ['page', 'title'] })
}

export function DocsSearch() {
  const navigate = useNavigate()
  const list = useId()
  const input = useRef<HTMLInputElement>(null)
  const index = useRef<Promise<MiniSearch> | null>(null)
  const [wanted, setWanted] = useState('')
  const [found, setFound] = useState<readonly Found[] | null>(null)
  const [active, setActive] = useState(0)

  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]')
      if (event.key !== '/' || typing) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [])

  useEffect(() => {
    if (!wanted.trim()) return setFound(null)
    let stale = false
    index.current ??= loadIndex()
    void index.current.then((search) => {
      if (stale) return
      const results = search.search(wanted, { prefix: true, fuzzy: 0.15, boost: { title: 3 } }).slice(0, shownMax)
      setFound(results.map(({ id, title }) => ({ id: String(id), title: String(title) })))
      setActive(0)
    })
    return () => {
      stale = true
    }
  }, [wanted])

  const open = (target: Found | undefined) => {
    if (!target) return
    const url = new URL(target.id, location.origin)
    setWanted('')
    void navigate({ to: url.pathname as never, hash: url.hash.slice(1) })
  }
  const steer = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return setWanted('')
    if (!found || !['ArrowDown', 'ArrowUp', 'Enter'].includes(event.key)) return
    event.preventDefault()
    if (event.key === 'Enter') return open(found[active])
    setActive((now) => (now + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % Math.max(1, found.length))
  }
  return (
    <div className="relative">
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label={text.label}
        aria-expanded={found !== null}
        aria-controls={list}
        aria-activedescendant={found?.[active] ? `${list}-${active}` : undefined}
        aria-autocomplete="list"
        placeholder={text.hint}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        onKeyDown={steer}
        className={controlClass}
      />
      <div
        id={list}
        role="listbox"
        aria-label={text.results}
        className={classes(
          'absolute z-20 mt-1 w-80 max-w-[calc(100vw-2rem)] rounded-card border border-line bg-raised p-1 shadow-xl',
          found === null && 'hidden',
        )}
      >
        {found?.map((each, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys steer it from the input
          <div
            key={each.id}
            id={`${list}-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === active}
            onClick={() => open(each)}
            className={classes('cursor-pointer rounded-control px-2.5 py-1.5 text-[0.875rem]', place === active && 'bg-sunken')}
          >
            {each.title}
          </div>
        ))}
        {found?.length === 0 && <div className="px-2.5 py-1.5 text-muted">{text.none}</div>}
      </div>
    </div>
  )
}
