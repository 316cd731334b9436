// The reference of the API, from the contract alone: found by words, linked by operation, opened when it is read.
import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import { usePageTitle } from '../page-title.ts'
import { docs } from '../strings/docs.ts'
import { classes } from '../ui/classes.ts'
import { TextField } from '../ui/field.tsx'
import { Badge, PageHeader } from '../ui/surface.tsx'
import { type Operation, operations } from './openapi.ts'
import { FieldLine, SchemaTree } from './schema-tree.tsx'

const text = docs.api
const colours: Readonly<Record<string, string>> = { GET: 'text-accent', POST: 'text-ok', DELETE: 'text-danger' }

export function ApiPage() {
  usePageTitle(text.title)
  const all = useMemo(operations, [])
  const [wanted, setWanted] = useState('')
  const words = useDeferredValue(wanted.toLowerCase()).split(/\s+/).filter(Boolean)
  const shown = all.filter(({ method, path, summary, tag }) => {
    const said = `${method} ${path} ${summary} ${tag}`.toLowerCase()
    return words.every((word) => said.includes(word))
  })
  const tags = [...new Set(shown.map(({ tag }) => tag))]
  return (
    <div className="min-w-0">
      <PageHeader title={text.title} lead={text.lead} />
      <TextField
        type="search"
        label={text.filter}
        labelHidden
        placeholder={text.filter}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      <p role="status" className="mt-2 text-[0.8125rem] text-muted">
        {shown.length === 0 ? text.none : text.count(shown.length)}
      </p>
      {tags.map((tag) => (
        <section key={tag} aria-labelledby={`tag-${tag}`} className="mt-8">
          <h2 id={`tag-${tag}`} className="mb-2 text-lg">
            {tag}
          </h2>
          <div className="rounded-card border border-line bg-raised">
            {shown
              .filter((operation) => operation.tag === tag)
              .map((operation) => (
                <OperationItem key={operation.id} operation={operation} />
              ))}
          </div>
        </section>
      ))}
    </div>
  )
}

const isAsked = (id: string) => location.hash === `#${id}`

function OperationItem({ operation }: { readonly operation: Operation }) {
  const { id, method, path, summary } = operation
  const [open, setOpen] = useState(() => isAsked(id))
  useEffect(() => {
    const follow = () => {
      if (!isAsked(id)) return
      setOpen(true)
      document.getElementById(id)?.scrollIntoView()
    }
    follow()
    window.addEventListener('hashchange', follow)
    return () => window.removeEventListener('hashchange', follow)
  }, [id])
  return (
    <details
      id={id}
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="border-t border-line first:border-t-0"
    >
      <summary className="flex flex-wrap items-baseline gap-x-3 px-4 py-2.5 hover:bg-sunken">
        <code className={classes('w-14 font-semibold', colours[method] ?? 'text-warn')}>{method}</code>
        <code className="break-all">{path}</code>
        <span className="text-[0.875rem] text-muted">{summary}</span>
      </summary>
      {open && <OperationDetails operation={operation} />}
    </details>
  )
}

function OperationDetails({ operation }: { readonly operation: Operation }) {
  const { id, summary, description, security, parameters, body, answers } = operation
  const credentials = security.length === 0 ? [text.credentials.none] : security.map(credentialOf)
  return (
    <div className="grid gap-5 border-t border-line px-4 py-4">
      {description && <p>{description}</p>}
      <p className="flex flex-wrap items-center gap-2 text-[0.875rem]">
        <span className="text-muted">{text.who}</span>
        {[...new Set(credentials)].map((credential) => (
          <Badge key={credential}>{credential}</Badge>
        ))}
        <a href={`#${id}`} aria-label={text.link(summary)} className="ml-auto text-muted hover:text-ink">
          #{id}
        </a>
      </p>
      {parameters.length > 0 && (
        <div>
          <h3 className="mb-1 font-medium">{text.parameters}</h3>
          <ul>
            {parameters.map(({ name, in: place, required, description: meaning, schema }) => (
              <li key={place + name} className="border-t border-line py-2 first:border-t-0">
                <FieldLine
                  name={name}
                  schema={meaning ? { ...schema, description: meaning } : schema}
                  required={required ?? false}
                  note={<span className="text-[0.75rem] text-muted">{text.in[place]}</span>}
                />
              </li>
            ))}
          </ul>
        </div>
      )}
      {body && (
        <div>
          <h3 className="mb-1 font-medium">{text.body}</h3>
          <SchemaTree schema={body} />
        </div>
      )}
      <div>
        <h3 className="mb-1 font-medium">{text.answers}</h3>
        {answers.map(({ status, description: meaning, schema }) => (
          <details key={status} open={status.startsWith('2')} className="border-t border-line py-2 first:border-t-0">
            <summary className="text-[0.875rem]">
              <Badge tone={status.startsWith('2') ? 'ok' : status.startsWith('3') ? 'plain' : 'warn'}>{status}</Badge>{' '}
              <span className="text-muted">{meaning}</span>
            </summary>
            {schema && (
              <div className="mt-2 pl-4">
                <SchemaTree schema={schema} />
              </div>
            )}
          </details>
        ))}
      </div>
    </div>
  )
}

function credentialOf(scheme: string): string {
  if (/key/i.test(scheme)) return text.credentials.key
  return /cookie/i.test(scheme) ? text.credentials.cookie : text.credentials.session
}
