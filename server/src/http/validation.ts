// Bodies are taken as they are written; what comes in a URL is text and is converted. Unknown fields are ignored, as before us.
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'

const options = { useDefaults: true, allErrors: true, removeAdditional: false, strict: false } as const

export function installValidation(app: FastifyInstance): void {
  const body = new Ajv({ ...options, coerceTypes: false })
  const url = new Ajv({ ...options, coerceTypes: 'array' })
  for (const ajv of [body, url]) formats.default(ajv, ['uuid', 'date-time', 'date', 'email', 'uri'])
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? body : url).compile(schema))
}
