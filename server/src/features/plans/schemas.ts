// GET /plans as clients see it: figures in bytes and counts, null where there is no limit or no price.
import { Type } from '@sinclair/typebox'

const count = (description: string) => Type.Integer({ description })
const countOrNull = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description })

export const planSchema = Type.Object({
  name: Type.Unsafe<string>({ type: 'string', enum: ['free', 'starter', 'professional', 'enterprise'] }),
  title: Type.String({ examples: ['STARTER'] }),
  price_usd: Type.Union([Type.Number(), Type.Null()], { description: 'US dollars a month; null: contact us' }),
  requests_per_minute: count('Per API key, in any rolling 60 seconds'),
  image_size_bytes_max: count('Largest image, bytes'),
  document_size_bytes_max: count('Largest document, bytes'),
  storage_bytes_max: countOrNull('All files of a workspace, bytes; null: unlimited'),
  concurrent_uploads: count('Upload bodies in flight per workspace'),
  batch_files_max: count('Files in one batch'),
  monthly_uploads: countOrNull('Confirmed uploads in a calendar month (UTC); null: unlimited'),
  active_keys: count('API keys that are neither revoked nor expired'),
  api_access: Type.Boolean({ description: 'Whether API keys can be made and used' }),
  audit_retention_days: count('How long the audit log is kept, days'),
})

export const plansResponse = Type.Object({
  currency: Type.Literal('USD'),
  plans: Type.Array(planSchema, { description: 'From the smallest to the largest' }),
})
