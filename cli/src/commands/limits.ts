// aion limits watch: how near the workspace is to its limits, again and again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { text } from '../text.ts'
import { readableBytes, readableLimit } from '../units.ts'

const names = ['api_calls_per_minute', 'monthly_uploads', 'storage_bytes', 'active_keys'] as const
const titles = {
  api_calls_per_minute: 'calls/min',
  monthly_uploads: 'uploads',
  storage_bytes: 'storage',
  active_keys: 'keys',
} as const
/** From here on a number is shown as a warning: the server mails at the same share. */
const nearShare = 0.8

export const limitsWatch: Command = {
  name: 'limits watch',
  summary: 'show limits and what is used of them, until Ctrl-C',
  options: {
    interval: { type: 'string', value: 'SECONDS', says: 'how often to look (5)' },
    count: { type: 'string', value: 'N', says: 'end after so many looks' },
  },
  example: 'aion limits watch --interval 2',
  async run({ output, session, signal, now }, input) {
    const client = session()
    const every = input.number('interval', 5, 1, 3600)
    const looks = input.number('count', Number.POSITIVE_INFINITY, 1, 1_000_000)
    for (let look = 1; ; look++) {
      const { limits, usage } = await client.tenant.limits()
      const at = new Date(now()).toISOString()
      const parts = names.map((name) => {
        const limit = limits[name] ?? -1
        const used = usage[name] ?? 0
        const show = name === 'storage_bytes' ? readableBytes : String
        const part = `${titles[name]} ${show(used)}/${readableLimit(limit, show)}`
        return limit > 0 && used >= limit * nearShare ? output.styled(used >= limit ? 'red' : 'yellow', part) : text`${part}`
      })
      output.event({ at, limits, usage }, text`${at.slice(11, 19)}  ${parts[0]}  ${parts[1]}  ${parts[2]}  ${parts[3]}`)
      if (look >= looks) return exitCodes.ok
      await sleep(every * 1000, null, { signal }).catch(() => null)
      if (signal.aborted) return exitCodes.ok
    }
  },
}
