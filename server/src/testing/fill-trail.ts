// Rows of a trail by the thousand, chained as the server chains them: for tests of what a million of them cost.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { genesis, headHmac, type Link, linkHmac } from '../features/audit/chain.ts'
import type { Db } from '../platform/database/database.ts'

const batchSize = 5_000

/** A tenant id of its own whose trail has `count` rows, one second apart, the newest of them now. */
export async function fillTrail(db: Db, audit: Buffer, count: number, newest = Date.now()): Promise<string> {
  const tenantId = randomUUID()
  const userId = randomUUID()
  let previous: Buffer = genesis
  for (let done = 0; done < count; ) {
    const rows: { link: Link; hmac: Buffer }[] = []
    for (; rows.length < batchSize && done < count; done++) {
      const link: Link = {
        id: randomUUID(),
        tenantId,
        sequence: done + 1,
        eventType: done === 0 ? 'tenant.created' : 'api_key.created',
        atMicros: `${newest - (count - done - 1) * 1000}000`,
        severity: 'info',
        userId,
        apiKeyId: randomUUID(),
        action: 'api_key.create',
        result: 'success',
        ip: '192.0.2.7',
        resourceType: 'api_key',
        resourceId: randomUUID(),
        errorMessage: 'none',
        metadata: { name: `key ${done}`, key_prefix: 'aion_live_abcd', scopes: ['read', 'files:write'], expires_at: null },
      }
      previous = linkHmac(audit, previous, link)
      rows.push({ link, hmac: previous })
    }
    const column = (pick: (link: Link) => unknown) => rows.map(({ link }) => pick(link))
    await sql`
      INSERT INTO audit_events (id, tenant_id, sequence, event_type, event_timestamp, severity, user_id, api_key_id, action, result,
        ip_address, resource_type, resource_id, error_message, metadata, hmac)
      SELECT id, ${tenantId}, sequence, event_type, to_timestamp(millis / 1000.0), 'info', ${userId}, api_key_id, 'api_key.create', 'success',
        '192.0.2.7', 'api_key', resource_id, 'none', metadata, hmac
      FROM unnest(${column(({ id }) => id)}::uuid[], ${column(({ sequence }) => sequence)}::bigint[],
        ${column(({ eventType }) => eventType)}::text[], ${column(({ atMicros }) => Number(atMicros) / 1000)}::bigint[],
        ${column(({ apiKeyId }) => apiKeyId)}::uuid[], ${column(({ resourceId }) => resourceId)}::text[],
        ${column(({ metadata }) => JSON.stringify(metadata))}::jsonb[], ${rows.map(({ hmac }) => hmac)}::bytea[])
        AS row (id, sequence, event_type, millis, api_key_id, resource_id, metadata, hmac)
    `.execute(db)
  }
  await db
    .insertInto('audit_heads')
    .values({ tenant_id: tenantId, sequence: count, head: previous, hmac: headHmac(audit, tenantId, count, previous) })
    .execute()
  return tenantId
}
