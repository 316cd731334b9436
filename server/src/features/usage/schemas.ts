// The wire shapes of /usage, as the public contract gives them; where it leaves an answer untyped, ours is typed.
import { type TSchema, Type } from '@sinclair/typebox'

const nullable = <T extends TSchema>(schema: T, description: string) => Type.Union([schema, Type.Null()], { description })
const count = (description?: string) => Type.Integer({ ...(description !== undefined && { description }) })
const moment = (description?: string) => Type.String({ format: 'date-time', ...(description !== undefined && { description }) })
const oneOf = <const T extends string>(values: readonly T[], standard: NoInfer<T>, description: string) =>
  Type.Optional(Type.Unsafe<T>({ type: 'string', enum: values, default: standard, description }))
const zero = () => Type.Integer({ description: 'Always 0: nothing here spends tokens' })

const range = {
  start_date: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'From then on; ISO 8601, UTC where it names no zone; the minute it is in counts whole',
    }),
  ),
  end_date: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'Before then; ISO 8601, UTC where it names no zone; the minute it is in counts whole',
    }),
  ),
}
const apiKey = { api_key_id: Type.Optional(Type.String({ format: 'uuid', description: 'Only this key' })) }
const keyName = { api_key_id: Type.String({ format: 'uuid' }) }
const span = Type.Object({ start: moment(), end: moment('Not part of it') })

const unlimited = '-1: unlimited'
const plan = Type.Object(
  {
    name: Type.String({ description: 'FREE, STARTER, PROFESSIONAL or ENTERPRISE' }),
    requests_limit: count(`Uploads in a month. ${unlimited}`),
    requests_used: count('Uploads this month'),
    requests_remaining: count(unlimited),
    usage_percentage: Type.Number({ description: '0 where the plan is unlimited' }),
    renewal_date: moment('The first of next month, UTC'),
  },
  { description: 'What the plan limits in a month are uploads; each is one credit.' },
)

export const checkBody = Type.Object({
  item_count: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 1, description: 'Uploads that are planned' }),
  ),
})
export const checkResponse = Type.Object({
  can_proceed: Type.Boolean(),
  current_usage: count('Uploads this month'),
  monthly_limit: count(unlimited),
  required_credits: count('One for each item'),
  available_credits: count(unlimited),
  reset_date: moment('The first of next month, UTC'),
  message: nullable(Type.String(), 'Why not'),
  prepaid_credits: count(),
  supports_overage: Type.Boolean(),
  included_credits: count(`Those of the plan. ${unlimited}`),
  overage_credits_used: count(),
  max_overage_credits: count(),
  overage_cost: Type.Number(),
})

export const summaryQuery = Type.Object({
  ...range,
  period: oneOf(['day', 'week', 'month'], 'month', 'Without start_date: this day, this week from Monday on, or this month, UTC'),
  ...apiKey,
})
export const summaryResponse = Type.Object({
  period: span,
  usage: Type.Object({
    describe_count: count('Always 0: nothing here describes files'),
    total_requests: count('Requests of API keys, refused ones too'),
    successful_requests: count('Answered below 400'),
    failed_requests: count('Answered with 400 or above'),
  }),
  performance: Type.Object({ avg_response_time_ms: Type.Number({ description: '0 where there were no requests' }) }),
  limits: Type.Object({
    monthly_limit: count(`Uploads in a month. ${unlimited}`),
    used_this_month: count(),
    remaining: count(unlimited),
    percentage_used: Type.Number(),
  }),
  plan,
  total_credits: count('Uploads this month'),
})

export const detailsQuery = Type.Object({
  ...range,
  ...apiKey,
  operation_type: Type.Optional(Type.String({ maxLength: 100, description: 'api_request; any other finds nothing' })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
  page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
})
/** Four pages are all there is. */
export const logPageMax = 2_500
export const logQuery = Type.Object({
  ...detailsQuery.properties,
  page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: logPageMax, default: logPageMax })),
})
export const detailsResponse = Type.Object({
  events: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      timestamp: moment(),
      operation_type: Type.String(),
      endpoint: Type.String({ description: 'The path with names in place of ids; (unknown) where there is no such path' }),
      method: Type.String(),
      status_code: Type.Integer(),
      response_time_ms: Type.Number(),
      error_code: nullable(Type.String(), 'As in the error envelope; null where there was none'),
      ...keyName,
    }),
    { description: 'Newest first' },
  ),
  pagination: Type.Object({
    page: Type.Integer(),
    page_size: Type.Integer(),
    total_count: count('All requests of the range'),
    total_pages: count('Pages that can be read'),
    available_count: count("Requests on those pages: of a workspace's newest 10,000, those that match"),
  }),
})

export const byPeriodQuery = Type.Object({
  period_type: oneOf(['hour', 'day', 'month'], 'day', 'What one point stands for, UTC'),
  ...range,
  ...apiKey,
})
export const byPeriodResponse = Type.Object({
  period_type: Type.String(),
  start_date: moment(),
  end_date: moment('Not part of it'),
  data: Type.Array(
    Type.Object({
      timestamp: moment('When it begins'),
      value: count('Requests'),
      failed: count('Of them, answered with 400 or above'),
      label: Type.String(),
    }),
    {
      description: 'Every hour, day or month of the range, oldest first',
    },
  ),
})

export const planQuery = Type.Object({
  period: oneOf(['month', 'quarter', 'year'], 'month', 'The calendar period of billing_period'),
  include_projections: Type.Optional(Type.Boolean({ default: true })),
})
export const planResponse = Type.Object({
  billing_period: Type.Object({
    start_date: moment(),
    end_date: moment('Not part of it'),
    days_remaining: count('Whole days after today'),
    renewal_date: moment('The first of next month, UTC'),
  }),
  plan_details: Type.Object({
    plan_name: Type.String(),
    monthly_requests_limit: count(`Uploads in a month. ${unlimited}`),
    requests_used: count('Uploads this month'),
    requests_remaining: count(unlimited),
    usage_percentage: Type.Number(),
    requests_used_in_period: count('Uploads in billing_period'),
    features: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'The figures of the plan, as GET /api/v2/plans names them',
    }),
  }),
  projections: nullable(
    Type.Object({
      projected_monthly_requests: count('Uploads by the end of the month, if it goes on as it began'),
      will_exceed_limit: Type.Boolean(),
      trending: Type.Unsafe<'up' | 'down' | 'stable'>({
        type: 'string',
        enum: ['up', 'down', 'stable'],
        description: 'Against last month; within a tenth is stable',
      }),
    }),
    'Null with include_projections=false',
  ),
  optimization_recommendations: Type.Object({ suggestions: Type.Array(Type.String()) }),
})

export const topEndpointsQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 10 })),
  ...range,
})
export const topEndpointsResponse = Type.Object({
  period: span,
  endpoints: Type.Array(
    Type.Object({
      endpoint: Type.String(),
      method: Type.String(),
      request_count: Type.Integer(),
      successful_requests: Type.Integer(),
      failed_requests: Type.Integer(),
      avg_response_time_ms: Type.Number(),
    }),
    { description: 'Most used first' },
  ),
})

export const breakdownResponse = Type.Object({
  current_month: Type.String({ description: '2026-11' }),
  total_credits_used: count('Uploads this month'),
  monthly_limit: count(unlimited),
  remaining_credits: count(unlimited),
  usage_percentage: Type.Number({ description: '0 where the plan is unlimited' }),
  reset_date: moment('The first of next month, UTC'),
})

const tokens = { total_input_tokens: zero(), total_output_tokens: zero() }
const perItem = { input_tokens: zero(), output_tokens: zero(), total_tokens: zero() }
export const tokensMonthlyQuery = Type.Object({
  year: Type.Optional(Type.Integer({ minimum: 1, maximum: 9999, description: 'Without it, this one' })),
  month: Type.Optional(Type.Integer({ minimum: 1, maximum: 12, description: 'Without it, this one' })),
})
export const tokensMonthlyResponse = Type.Object({ year: Type.Integer(), month: Type.Integer(), ...tokens, total_tokens: zero() })
export const tokensPage = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 })),
})
export const tokensFilesResponse = Type.Object({
  files: Type.Array(
    Type.Object({
      image_id: Type.String(),
      filename: Type.Union([Type.String(), Type.Null()]),
      ...perItem,
      created_at: Type.String(),
    }),
    { description: 'Empty: no file has spent any' },
  ),
  total_count: Type.Integer(),
  ...tokens,
})
export const tokensConversationsResponse = Type.Object({
  conversations: Type.Array(
    Type.Object({
      session_id: Type.String(),
      title: Type.Union([Type.String(), Type.Null()]),
      ...perItem,
      message_count: Type.Integer(),
      created_at: Type.String(),
    }),
    { description: 'Empty: there are no conversations' },
  ),
  total_count: Type.Integer(),
  ...tokens,
})

export const dashboardQuery = Type.Object({
  period: oneOf(['week', 'month', 'year'], 'month', 'The last 7, 30 or 365 days, today included, UTC'),
})
export const dashboardResponse = Type.Object({
  period: Type.String(),
  start_date: moment(),
  end_date: moment('Not part of it'),
  daily_activity: Type.Array(
    Type.Object({
      date: Type.String({ format: 'date' }),
      files_uploaded: count('Files that were purged since are not counted'),
      chat_messages: count('Always 0: there is no chat'),
    }),
    { description: 'Every day, oldest first' },
  ),
  total_chat_messages: Type.Integer(),
  total_files_uploaded: Type.Integer(),
  total_chat_sessions: Type.Integer(),
  avg_processing_time_ms: nullable(Type.Number(), 'Null: nothing here processes files'),
  success_rate: nullable(Type.Number(), 'Null: nothing here processes files'),
  processing_tokens: zero(),
  chat_tokens: zero(),
  total_tokens: zero(),
  current_month_chat_tokens: zero(),
  max_monthly_chat_tokens: zero(),
})
