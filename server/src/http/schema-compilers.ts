// Bodies are taken as they are written; what comes in a URL is text and is converted. Unknown fields are ignored, as before us.
// A schema is compiled when it is first needed: all of them at once were half of a start.
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import stringifierOf from 'fast-json-stringify'
import type { FastifyInstance } from 'fastify'
import { readMoment } from './moment.ts'

const options = { useDefaults: true, allErrors: true, removeAdditional: false, strict: false } as const

export function installSchemaCompilers(app: FastifyInstance): void {
  const body = new Ajv({ ...options, coerceTypes: false })
  const url = new Ajv({ ...options, coerceTypes: 'array' })
  for (const ajv of [body, url]) formats.default(ajv, ['uuid', 'date-time', 'date', 'email', 'uri'])
  // Python's isoformat() writes no zone: UTC, as in a query.
  body.addFormat('date-time', (written: string) => readMoment(written) instanceof Date)
  app.setValidatorCompiler<object>(({ schema, httpPart }) => {
    const ajv = httpPart === 'body' ? body : url
    let compiled: ValidateFunction | undefined
    // Fastify reads what is wrong from the function itself.
    const validate = (data: unknown) => {
      compiled ??= ajv.compile(schema)
      const valid = compiled(data)
      validate.errors = compiled.errors
      return valid
    }
    validate.errors = undefined as ValidateFunction['errors']
    return validate
  })
  app.setSerializerCompiler<object>(({ schema }) => {
    let stringify: ((data: unknown) => string) | undefined
    return (data) => {
      stringify ??= stringifierOf(schema)
      return stringify(data)
    }
  })
}
