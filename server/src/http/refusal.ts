// What a route may refuse beside what every route of its kind does, for its response schema: one envelope, and what the status means there.
import { Type } from '@sinclair/typebox'

export function refusal(description: string) {
  return Type.Object(
    {
      error: Type.Object({
        code: Type.String(),
        message: Type.String(),
        details: Type.Object({}, { additionalProperties: true }),
      }),
      request_id: Type.String({ format: 'uuid' }),
    },
    { description },
  )
}
