// JSON objects that people edit as text.
import { settings as text } from '../../strings/settings.ts'

export function showJson(value: Readonly<Record<string, unknown>>): string {
  return Object.keys(value).length === 0 ? '{}' : JSON.stringify(value, null, 2)
}

/** What is wrong with it, as a sentence; true when it will do, as react-hook-form wants it. */
export function checkJsonObject(typed: string): string | true {
  try {
    const value: unknown = JSON.parse(typed || '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? true : text.json.notObject
  } catch (error) {
    return text.json.notJson(error instanceof Error ? error.message : String(error))
  }
}

export function readJsonObject(typed: string): Record<string, unknown> {
  return JSON.parse(typed || '{}') as Record<string, unknown>
}
