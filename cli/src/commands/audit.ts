// aion audit: the trail of the workspace, and the proof that nobody changed it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Aionvision, AuditEntry } from '@aionvision/sdk'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { text } from '../text.ts'
import { readableTime } from '../units.ts'

const everyMs = 2_000

export const auditTail: Command = {
  name: 'audit tail',
  summary: 'show the newest events of the audit trail',
  options: {
    follow: { type: 'boolean', short: 'f', says: 'go on showing new ones, until Ctrl-C' },
    limit: { type: 'string', value: 'N', says: 'how many to begin with (20)' },
    type: { type: 'string', value: 'TYPE', says: 'only these, such as api_key.created' },
  },
  example: 'aion audit tail --follow',
  async run({ output, session, signal }, input) {
    const client = session()
    const type = input.value('type')
    const query = type === null ? {} : { event_type: type }
    let last = 0
    const show = (entries: AuditEntry[]) => {
      for (const entry of entries.reverse()) {
        last = Math.max(last, entry.sequence)
        print(output, entry)
      }
    }
    show(await newest(client, query, ({ taken }) => taken < input.number('limit', 20, 1, 10_000)))
    while (input.flag('follow') && !signal.aborted) {
      await sleep(everyMs, null, { signal }).catch(() => null)
      if (!signal.aborted) show(await newest(client, query, ({ entry }) => entry.sequence > last))
    }
    return exitCodes.ok
  },
}

export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'prove that the audit trail is whole',
  example: 'aion audit verify',
  notes: ['Ends with 0 when it is, with 1 when it is not.'],
  async run({ output, session }) {
    const proof = await session().audit.verify()
    const broken = text`${output.styled('red', 'Broken')} at event ${proof.sequence}: ${proof.problem}.`
    const whole = text`${output.styled('green', 'Whole')}: ${proof.rows} events from ${proof.first_sequence} on are as they were written.`
    output.done(proof, proof.intact ? whole : broken)
    return proof.intact ? exitCodes.ok : exitCodes.failed
  },
}

/** Newest first, as long as `wanted`. */
async function newest(
  client: Aionvision,
  query: { event_type?: string },
  wanted: (at: { entry: AuditEntry; taken: number }) => boolean,
): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for await (const entry of client.audit.list(query)) {
    if (!wanted({ entry, taken: entries.length })) break
    entries.push(entry)
  }
  return entries
}

function print(output: Output, entry: AuditEntry): void {
  const { event_timestamp, event_type, result, user_id, api_key_id, resource_type, resource_id, ip_address } = entry
  const who = user_id ? `user ${user_id}` : api_key_id ? `key ${api_key_id}` : 'nobody known'
  const what = resource_type ? ` ${resource_type} ${resource_id ?? ''}` : ''
  const style = result === 'success' ? 'green' : 'red'
  output.event(
    entry,
    text`${readableTime(event_timestamp)}  ${output.styled(style, result)}  ${output.styled('bold', event_type)}${what}  by ${who} from ${ip_address ?? '?'}`,
  )
}
