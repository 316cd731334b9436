// Reads a JSON body so that what is checked is what was sent: no duplicate keys, no prototype keys, no bottomless nesting.
import type { FastifyInstance } from 'fastify'
import { validationError } from './errors.ts'

/** Deeper than any body of ours; shallow enough for every recursive reader behind it. */
const depthMax = 32

export function installJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as string))
    } catch (error) {
      done(error as Error)
    }
  })
}

export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw validationError([{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }])
  }
  // JSON.parse keeps the last of two equal keys; a proxy may have checked the first.
  if (countKeys(value, 0) !== countWrittenKeys(text))
    throw validationError([{ loc: ['body'], msg: 'The same key stands twice in one object', type: 'json_invalid' }])
  return value
}

function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth >= depthMax)
    throw validationError([{ loc: ['body'], msg: `Nested deeper than ${depthMax} levels`, type: 'json_invalid' }])
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countKeys(item, depth + 1), 0)
  let keys = 0
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype')
      throw validationError([{ loc: ['body', key], msg: 'This key is not allowed', type: 'value_error' }])
    keys += 1 + countKeys((value as Record<string, unknown>)[key], depth + 1)
  }
  return keys
}

/** Strings followed by a colon, in text that JSON.parse has accepted. */
function countWrittenKeys(text: string): number {
  let keys = 0
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (match[1] !== undefined) keys++
  return keys
}
