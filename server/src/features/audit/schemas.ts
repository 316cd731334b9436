// The wire shapes of the trail, as the public contract gives them, and of its export and its proof.
import type { Readable } from 'node:stream'
import { type TSchema, Type } from '@sinclair/typebox'
import { storable } from '../../http/storable.ts'

const nullable = <T extends TSchema>(schema: T, description: string) => Type.Union([schema, Type.Null()], { description })
const optional = (description: string) => Type.Optional(Type.String({ maxLength: 100, pattern: storable, description }))
const moment = (description: string) => Type.Optional(Type.String({ maxLength: 40, description }))

export const listQuery = Type.Object({
  event_type: optional('Only this type, such as api_key.created'),
  severity: optional('info, warning, error or critical'),
  user_id: Type.Optional(Type.String({ format: 'uuid', description: 'Only what this person did' })),
  date_from: moment('Then or later; ISO 8601, UTC where it names no zone'),
  date_to: moment('Then or earlier; ISO 8601, UTC where it names no zone'),
  result: optional('success, failure or denied'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 })),
})

export const entryParams = Type.Object({ log_id: Type.String({ description: 'The id of the entry' }) })

export const entryResponse = Type.Object({
  id: Type.String(),
  sequence: Type.Integer({ description: 'The place in the trail of this workspace, from 1 without gaps' }),
  event_type: Type.String({ description: 'For example auth.login or api_key.created' }),
  event_timestamp: Type.String({ format: 'date-time' }),
  severity: Type.String({ description: 'info, warning, error or critical' }),
  user_id: nullable(Type.String(), 'Who did it'),
  api_key_id: nullable(Type.String(), 'The key it was done with, or to'),
  action: Type.String({ description: 'The deed in words, such as api_key.create' }),
  result: Type.String({ description: 'success, failure or denied' }),
  ip_address: nullable(Type.String(), 'Where the request came from'),
  resource_type: nullable(Type.String(), 'What it was done to: api_key, user, file, …'),
  resource_id: nullable(Type.String(), 'Which one'),
  error_message: nullable(Type.String(), 'Why it failed'),
  metadata: nullable(
    Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    'More, depending on the type',
  ),
})

export const listResponse = Type.Object({
  entries: Type.Array(entryResponse),
  total_count: Type.Integer({ description: 'How many match the filters' }),
  has_more: Type.Boolean(),
})

export const exportQuery = Type.Object({
  format: Type.Optional(
    Type.Unsafe<'csv' | 'ndjson'>({
      type: 'string',
      enum: ['csv', 'ndjson'],
      default: 'ndjson',
      description: 'csv: RFC 4180, with cells that a spreadsheet would execute made text; ndjson: one JSON object a line',
    }),
  ),
  date_from: moment('Then or later; ISO 8601, UTC where it names no zone'),
  date_to: moment('Then or earlier; ISO 8601, UTC where it names no zone'),
})

export const exportResponse = {
  description: 'Oldest first, sent as it is read',
  content: {
    'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
    'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
  },
}

export const verdictResponse = Type.Object({
  intact: Type.Boolean(),
  rows: Type.Integer({ description: 'Rows that were proved' }),
  first_sequence: Type.Integer({ description: '1, or the first row that retention has left' }),
  sequence: Type.Optional(Type.Integer({ description: 'Where the chain breaks' })),
  event_id: Type.Optional(nullable(Type.String(), 'The row there, if there is one')),
  problem: Type.Optional(Type.String({ description: 'What is wrong there' })),
})
