// The wire shapes of /keys/report-leak, ours, and of /webhooks/secret-scanning, GitHub's.
import { Type } from '@sinclair/typebox'
import { storable } from '../../http/storable.ts'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

export const reportBody = Type.Object({
  api_key: Type.String({ minLength: 1, maxLength: 512, description: 'The whole key, as it was found' }),
  url: Type.Optional(nullable(Type.String({ maxLength: 2_083, pattern: storable, description: 'Where it was found' }))),
  source: Type.Optional(
    nullable(Type.String({ maxLength: 100, pattern: storable, description: 'What kind of place that is, such as gist' })),
  ),
})
export const reportResponse = Type.Object({ message: Type.String({ description: 'The same for every key' }) })

export const scanHeaders = Type.Object({
  'github-public-key-identifier': Type.Optional(Type.String({ description: 'Which of the partner’s keys signed' })),
  'github-public-key-signature': Type.Optional(
    Type.String({ description: 'ECDSA P-256 with SHA-256 over the body as it is sent, DER in base64' }),
  ),
})
export const scanBody = Type.Array(
  Type.Object({
    token: Type.String(),
    type: Type.String({ description: 'aionvision_api_key' }),
    url: Type.String(),
    source: Type.String({ description: 'content, commit, pull_request_title, …' }),
  }),
  { maxItems: 1_000 },
)
export const scanResponse = Type.Array(
  Type.Object({
    token_hash: nullable(Type.String({ description: 'SHA-256 in base64; null where an item had no token' })),
    token_type: nullable(Type.String()),
    label: Type.Unsafe<'true_positive' | 'false_positive'>({ type: 'string', enum: ['true_positive', 'false_positive'] }),
  }),
)
