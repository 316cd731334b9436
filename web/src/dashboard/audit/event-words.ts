// Types of events in words; one that is new here still reads well enough.
import { audit as text } from '../../strings/audit.ts'

export const knownTypes = Object.keys(text.events) as (keyof typeof text.events)[]

export function eventTitle(type: string): string {
  return Object.hasOwn(text.events, type) ? text.events[type as keyof typeof text.events] : type
}

export function groupOf(type: string): string {
  const group = type.split('.')[0] ?? type
  return Object.hasOwn(text.groups, group) ? text.groups[group as keyof typeof text.groups] : group
}
