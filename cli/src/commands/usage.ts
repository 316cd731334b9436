// aion usage: what the workspace has used of its plan, and how many requests its keys made.
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { readableLimit, readableTime } from '../units.ts'

export const usage: Command = {
  name: 'usage',
  summary: 'show what was used of the plan, and the requests of keys',
  options: {
    period: {
      type: 'string',
      value: 'PERIOD',
      says: 'the requests of this day, week or month (month)',
      choices: ['day', 'week', 'month'],
    },
  },
  example: 'aion usage --period week',
  async run({ output, either }, input) {
    const period = (input.value('period') ?? 'month') as 'day' | 'week' | 'month'
    const summary = await either().usage.summary({ period })
    const { plan, usage: requests, performance, period: range } = summary
    output.record(summary, [
      ['Plan', plan.name],
      ['Uploads this month', `${plan.requests_used} of ${readableLimit(plan.requests_limit)}`],
      ['Renews', readableTime(plan.renewal_date)],
      [
        'Requests',
        `${requests.total_requests} since ${readableTime(range.start)}, ${requests.failed_requests} refused or failed`,
      ],
      ['Mean time', `${Math.round(performance.avg_response_time_ms)} ms`],
    ])
    return exitCodes.ok
  },
}
