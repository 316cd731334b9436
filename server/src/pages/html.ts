// Markup in which every value is escaped unless it was made here: a name or an error text can never become a tag (S21).
import { escapeHtml } from '../platform/escape-html.ts'

const made = Symbol('html')

export interface Html {
  readonly [made]: string
}

type Value = string | number | Html | readonly Html[]

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { [made]: parts.map((part, index) => part + (index < values.length ? render(values[index] ?? '') : '')).join('') }
}

export function toText(markup: Html): string {
  return markup[made]
}

function render(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  return 'map' in value ? value.map(toText).join('') : toText(value)
}
