// The sections of the settings, by the name they have in the address.
import { settings as text } from '../../strings/settings.ts'

export type Section = keyof typeof text.sections

export const groups: readonly { readonly label: string; readonly sections: readonly Section[] }[] = [
  { label: text.groups.you, sections: ['profile', 'sign-in', 'second-factor', 'sessions', 'delete'] },
  { label: text.groups.workspace, sections: ['workspace', 'policy', 'webhook'] },
]

export function sectionOf(search: unknown): Section {
  const named = (search as { section?: unknown }).section
  return typeof named === 'string' && Object.hasOwn(text.sections, named) ? (named as Section) : 'profile'
}
