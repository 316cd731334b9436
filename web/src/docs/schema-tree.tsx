// A JSON schema as people read it: names, types, what is allowed, and what each field means.
import type { ReactNode } from 'react'
import { docs } from '../strings/docs.ts'
import { resolve, type Schema } from './openapi.ts'

const text = docs.api
const deepest = 6

export function typeOf(given: Schema): string {
  const schema = resolve(given)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return [...new Set(choices.map(typeOf))].join(' | ')
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ')
  if (schema.items) return `${typeOf(schema.items)}[]`
  const { type: types } = schema
  const type = typeof types === 'object' ? types.join(' | ') : types
  return schema.format ? `${type} (${schema.format})` : (type ?? 'any')
}

/** Bounds as mathematics writes them. */
function boundsOf(schema: Schema): string {
  const [low, high] = [schema.minimum ?? schema.minLength, schema.maximum ?? schema.maxLength ?? schema.maxItems]
  if (low !== undefined && high !== undefined) return `${low} – ${high}`
  return low !== undefined ? `≥ ${low}` : high !== undefined ? `≤ ${high}` : ''
}

export function SchemaTree({ schema: given, depth = 0 }: { readonly schema: Schema; readonly depth?: number }) {
  const schema = resolve(given)
  const object = objectOf(schema)
  if (!object || depth > deepest) return depth === 0 ? <code className="text-[0.8125rem]">{typeOf(schema)}</code> : null
  const fields = Object.entries(object.properties ?? {})
  return (
    <ul className={depth === 0 ? 'grid' : 'mt-1 grid border-l border-line pl-4'}>
      {fields.map(([name, field]) => (
        <li key={name} className="border-t border-line py-2 first:border-t-0">
          <FieldLine name={name} schema={field} required={object.required?.includes(name) ?? false} />
          <SchemaTree schema={field} depth={depth + 1} />
        </li>
      ))}
      {fields.length === 0 && object.additionalProperties && <li className="text-[0.8125rem] text-muted">{text.more}</li>}
    </ul>
  )
}

/** The object in it: itself, what an array holds, or the one choice that is none of null. */
function objectOf(given: Schema): Schema | null {
  const schema = resolve(given)
  if (schema.properties || schema.type === 'object') return schema
  if (schema.items) return objectOf(schema.items)
  if (schema.allOf) {
    const parts = schema.allOf.map((part) => resolve(part))
    return {
      properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
      required: parts.flatMap(({ required = [] }) => required),
    }
  }
  const objects = (schema.anyOf ?? schema.oneOf ?? []).flatMap((choice) => objectOf(choice) ?? [])
  return objects[0] ?? null
}

export function FieldLine({
  name,
  schema: given,
  required,
  note,
}: {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  readonly note?: ReactNode
}) {
  const schema = resolve(given)
  const described = schema.description ?? (schema.anyOf ?? []).map((choice) => resolve(choice).description).find(Boolean)
  return (
    <div className="text-[0.875rem]">
      <span className="flex flex-wrap items-baseline gap-x-2">
        <code className="font-medium">{name}</code>
        <code className="text-[0.75rem] break-all text-muted">{typeOf(schema)}</code>
        {boundsOf(schema) && <span className="text-[0.75rem] text-muted">{boundsOf(schema)}</span>}
        {required && <span className="text-[0.75rem] text-warn">{text.required}</span>}
        {schema.default !== undefined && (
          <span className="text-[0.75rem] text-muted">{text.standard(JSON.stringify(schema.default))}</span>
        )}
        {note}
      </span>
      {described && <p className="text-muted">{described}</p>}
    </div>
  )
}
