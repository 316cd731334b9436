// The shapes of /tenant/s3-config: the contract's fields, and ours beside them.
import { type TSchema, Type } from '@sinclair/typebox'

const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description ? { description } : {})

export const configureBody = Type.Object({
  access_key_id: Type.String({ minLength: 16, maxLength: 128, description: 'Of a user that may do no more than this needs' }),
  secret_access_key: Type.String({ minLength: 20, maxLength: 128, description: 'Stored encrypted, and never shown again' }),
  bucket_name: Type.String({ minLength: 3, maxLength: 63 }),
  region: Type.String({ description: 'Such as eu-west-1' }),
  endpoint_url: Type.Optional(
    nullable(Type.String({ maxLength: 300 }), 'Origin of another S3-compatible store, over https; null: AWS'),
  ),
})

export const statusResponse = Type.Object({
  configured: Type.Boolean(),
  bucket_name: nullable(Type.String()),
  region: nullable(Type.String()),
  endpoint_url: nullable(Type.String(), 'Null: AWS'),
  configured_at: nullable(Type.String({ format: 'date-time' })),
  is_validated: nullable(Type.Boolean(), 'Whether the bucket was open to us when it was last looked at'),
  error: nullable(Type.String(), 'What was wrong then'),
})

export const removedResponse = Type.Object({ removed: Type.Boolean(), message: Type.String() })

export const validationResponse = Type.Object({
  valid: Type.Boolean(),
  bucket_name: nullable(Type.String()),
  region: nullable(Type.String()),
  error: nullable(Type.String()),
})
