// /usage: who used how much of what.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { tenantOf } from '../../http/principal.ts'
import { checkAllowance, readAllowance } from './monthly-allowance.ts'
import { beginningOf, chartStart, dayMs, labelOf, readRange, unitsOf } from './period.ts'
import { projectPlan } from './project-plan.ts'
import { type Range, readByUnit, readFilesByDay, readRequests, readTopRoutes, readTotals } from './queries.ts'
import type { UsageRecorder } from './recorder.ts'
import {
  breakdownResponse,
  byPeriodQuery,
  byPeriodResponse,
  checkBody,
  checkResponse,
  dashboardQuery,
  dashboardResponse,
  detailsQuery,
  detailsResponse,
  logPageMax,
  logQuery,
  planQuery,
  planResponse,
  summaryQuery,
  summaryResponse,
  tokensConversationsResponse,
  tokensFilesResponse,
  tokensMonthlyQuery,
  tokensMonthlyResponse,
  tokensPage,
  topEndpointsQuery,
  topEndpointsResponse,
} from './schemas.ts'

const read = { credential: 'either', permission: 'VIEW', resource: 'usage', action: 'read' } as const
const access: Access = { ...read, limit: { count: 30, seconds: 60 } }
const checkAccess: Access = { ...read, limit: { count: 60, seconds: 60 } }
const tags = ['usage']

/** The only kind of operation there is. */
const operationType = 'api_request'
const dashboardDays = { week: 7, month: 30, year: 365 } as const
const noTokens = { total_input_tokens: 0, total_output_tokens: 0 }

export function usageRoutes(
  deps: Pick<Deps, 'db' | 'reports' | 'clock' | 'plans'> & { usage: Pick<UsageRecorder, 'settle'> },
): FastifyPluginAsyncTypebox {
  const { reports, clock, usage } = deps
  return async (app) => {
    app.post(
      '/usage/check',
      {
        config: { access: checkAccess },
        schema: { tags, summary: 'Would so many more uploads fit', body: checkBody, response: { 200: checkResponse } },
      },
      async (request) => checkAllowance(await readAllowance(deps, tenantOf(request)), request.body.item_count ?? 1),
    )

    app.get(
      '/usage/summary',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Requests, their speed, and the plan',
          querystring: summaryQuery,
          response: { 200: summaryResponse },
        },
      },
      async (request) => {
        const caller = tenantOf(request)
        const { period = 'month', api_key_id } = request.query
        const range = readRange(request.query, clock.now(), (last) => beginningOf(period, last))
        await usage.settle()
        const totals = await reports.read((db) =>
          readTotals(db, { ...range, tenantId: caller.tenantId, keyId: api_key_id ?? null }),
        )
        const { plan, used, limit, remaining, percentage, resets } = await readAllowance(deps, caller)
        return {
          period: spanOf(range),
          usage: {
            describe_count: 0,
            total_requests: totals.requests,
            successful_requests: totals.successful,
            failed_requests: totals.failed,
          },
          performance: { avg_response_time_ms: totals.averageMs },
          limits: { monthly_limit: limit, used_this_month: used, remaining, percentage_used: percentage },
          plan: {
            name: plan.title,
            requests_limit: limit,
            requests_used: used,
            requests_remaining: remaining,
            usage_percentage: percentage,
            renewal_date: resets,
          },
          total_credits: used,
        }
      },
    )

    for (const [path, summary, querystring, standard] of [
      ['/usage/details', 'List the newest requests', detailsQuery, 50],
      ['/usage/log', 'The newest requests in large pages, for a table or a file', logQuery, logPageMax],
    ] as const)
      app.get(
        path,
        { config: { access }, schema: { tags, summary, querystring, response: { 200: detailsResponse } } },
        async (request) => {
          const { tenantId } = tenantOf(request)
          const { api_key_id, operation_type = operationType, page = 1, page_size = standard } = request.query
          const range = readRange(request.query, clock.now(), (last) => beginningOf('month', last))
          await usage.settle()
          const filter = { ...range, tenantId, keyId: api_key_id ?? null }
          const { requests, available, total_count } =
            operation_type === operationType
              ? await reports.read(async (db) => ({
                  ...(await readRequests(db, filter, { limit: page_size, offset: (page - 1) * page_size })),
                  total_count: (await readTotals(db, filter)).requests,
                }))
              : { requests: [], available: 0, total_count: 0 }
          return {
            events: requests.map((event) => ({
              id: event.id,
              timestamp: event.at.toISOString(),
              operation_type: operationType,
              ...splitRoute(event.route),
              status_code: event.status_code,
              response_time_ms: event.milliseconds,
              error_code: event.error_code,
              api_key_id: event.api_key_id,
            })),
            pagination: {
              page,
              page_size,
              total_count,
              total_pages: Math.ceil(available / page_size),
              available_count: available,
            },
          }
        },
      )

    app.get(
      '/usage/by-period',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Requests by hour, day or month',
          querystring: byPeriodQuery,
          response: { 200: byPeriodResponse },
        },
      },
      async (request) => {
        const { tenantId } = tenantOf(request)
        const { period_type: unit = 'day', api_key_id } = request.query
        const range = readRange(request.query, clock.now(), chartStart[unit])
        const units = unitsOf(unit, range)
        await usage.settle()
        const rows = await reports.read((db) => readByUnit(db, { ...range, tenantId, keyId: api_key_id ?? null }, unit))
        const values = new Map(rows.map((row) => [row.begins.getTime(), row]))
        return {
          period_type: unit,
          start_date: range.start.toISOString(),
          end_date: range.end.toISOString(),
          data: units.map((begins) => ({
            timestamp: new Date(begins).toISOString(),
            value: values.get(begins)?.requests ?? 0,
            failed: values.get(begins)?.failed ?? 0,
            label: labelOf(unit, begins),
          })),
        }
      },
    )

    app.get(
      '/usage/plan',
      {
        config: { access },
        schema: {
          tags,
          summary: 'The plan and where this month is heading',
          querystring: planQuery,
          response: { 200: planResponse },
        },
      },
      async (request) => {
        const { period = 'month', include_projections = true } = request.query
        return projectPlan(deps, tenantOf(request), period, include_projections)
      },
    )

    app.get(
      '/usage/top-endpoints',
      {
        config: { access },
        schema: {
          tags,
          summary: 'The routes that are used most',
          querystring: topEndpointsQuery,
          response: { 200: topEndpointsResponse },
        },
      },
      async (request) => {
        const { tenantId } = tenantOf(request)
        const range = readRange(request.query, clock.now(), (last) => beginningOf('month', last))
        await usage.settle()
        const routes = await reports.read((db) =>
          readTopRoutes(db, { ...range, tenantId, keyId: null }, request.query.limit ?? 10),
        )
        return {
          period: spanOf(range),
          endpoints: routes.map(({ route, requests, successful, failed, averageMs }) => ({
            ...splitRoute(route),
            request_count: requests,
            successful_requests: successful,
            failed_requests: failed,
            avg_response_time_ms: averageMs,
          })),
        }
      },
    )

    app.get(
      '/usage/breakdown',
      { config: { access }, schema: { tags, summary: 'Credits of this month', response: { 200: breakdownResponse } } },
      async (request) => {
        const { used, limit, remaining, percentage, resets } = await readAllowance(deps, tenantOf(request))
        return {
          current_month: labelOf('month', clock.now()),
          total_credits_used: used,
          monthly_limit: limit,
          remaining_credits: remaining,
          usage_percentage: percentage,
          reset_date: resets,
        }
      },
    )

    app.get(
      '/usage/tokens/monthly',
      {
        config: { access },
        schema: { tags, summary: 'Tokens of a month', querystring: tokensMonthlyQuery, response: { 200: tokensMonthlyResponse } },
      },
      async (request) => {
        const now = new Date(clock.now())
        const { year = now.getUTCFullYear(), month = now.getUTCMonth() + 1 } = request.query
        return { year, month, ...noTokens, total_tokens: 0 }
      },
    )

    app.get(
      '/usage/tokens/files',
      {
        config: { access },
        schema: { tags, summary: 'Tokens by file', querystring: tokensPage, response: { 200: tokensFilesResponse } },
      },
      async () => ({ files: [], total_count: 0, ...noTokens }),
    )

    app.get(
      '/usage/tokens/conversations',
      {
        config: { access },
        schema: {
          tags,
          summary: 'Tokens by conversation',
          querystring: tokensPage,
          response: { 200: tokensConversationsResponse },
        },
      },
      async () => ({ conversations: [], total_count: 0, ...noTokens }),
    )

    app.get(
      '/usage/dashboard-analytics',
      {
        config: { access },
        schema: { tags, summary: 'Activity by day', querystring: dashboardQuery, response: { 200: dashboardResponse } },
      },
      async (request) => {
        const { period = 'month' } = request.query
        const today = beginningOf('day', clock.now())
        const range = { start: new Date(today - (dashboardDays[period] - 1) * dayMs), end: new Date(today + dayMs) }
        const rows = await reports.read((db) => readFilesByDay(db, tenantOf(request).tenantId, range))
        const files = new Map(rows.map((row) => [row.begins.getTime(), row.files]))
        return {
          period,
          start_date: range.start.toISOString(),
          end_date: range.end.toISOString(),
          daily_activity: unitsOf('day', range).map((begins) => ({
            date: labelOf('day', begins),
            files_uploaded: files.get(begins) ?? 0,
            chat_messages: 0,
          })),
          total_chat_messages: 0,
          total_files_uploaded: rows.reduce((sum, row) => sum + row.files, 0),
          total_chat_sessions: 0,
          avg_processing_time_ms: null,
          success_rate: null,
          processing_tokens: 0,
          chat_tokens: 0,
          total_tokens: 0,
          current_month_chat_tokens: 0,
          max_monthly_chat_tokens: 0,
        }
      },
    )
  }
}

function spanOf({ start, end }: Range) {
  return { start: start.toISOString(), end: end.toISOString() }
}

/** `GET /api/v2/user-files` as two. */
function splitRoute(route: string): { method: string; endpoint: string } {
  const space = route.indexOf(' ')
  return { method: route.slice(0, space), endpoint: route.slice(space + 1) }
}
