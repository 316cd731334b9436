// What PostgreSQL can hold: text without NUL, and JSON besides without half a surrogate pair.

/** The pattern of such text. */
export const storable = '^[^\\u0000]*$'

/** What is wrong with the JSON of a body, or null. */
export function faultOfJson(json: string): string | null {
  const [, escaped] = /(?<!\\)(?:\\\\)*\\u(0000|d[89a-f]..)/.exec(json) ?? []
  if (!escaped) return null
  return escaped === '0000' ? 'Text must not contain NUL' : 'Text must not contain half a surrogate pair'
}
