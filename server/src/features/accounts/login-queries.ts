// Signing in as two statements, one before the hash and one after it: what each costs is what login costs beside the hash.
import type pg from 'pg'
import type { Extension, Head } from '../audit/record-event.ts'
import type { SessionRow } from '../sessions/queries.ts'
import type { UserRow } from './queries.ts'

/** A person, the workspace whose trail their own deeds are written to, and the head of that trail. */
export interface LoginRow {
  readonly user: UserRow
  readonly tenantId: string | null
  readonly head: Head | null
}

/** Their own workspace first, else the oldest they are in: as primaryTenant. */
export async function findLogin(pool: pg.Pool, email: string): Promise<LoginRow | null> {
  const { rows } = await pool.query({
    name: 'login-by-email',
    text: `SELECT u.id, u.email, u.name, u.password_hash, u.email_verified_at, u.is_active, u.preferences, u.created_at, u.updated_at,
                  u.last_login_at, u.factor_enrolled_at, t.tenant_id, h.sequence, h.head, h.hmac
             FROM users u
             LEFT JOIN LATERAL (
               SELECT m.tenant_id FROM memberships m JOIN tenants ON tenants.id = m.tenant_id WHERE m.user_id = u.id
                ORDER BY tenants.owner_user_id = u.id DESC, m.joined_at LIMIT 1) t ON true
             LEFT JOIN audit_heads h ON h.tenant_id = t.tenant_id
            WHERE u.email = $1`,
    values: [email],
  })
  if (!rows[0]) return null
  const { tenant_id, sequence, head, hmac, ...user } = rows[0]
  return { user, tenantId: tenant_id, head: head && { sequence, head, hmac } }
}

export async function findHead(pool: pg.Pool, tenantId: string): Promise<Head | null> {
  const { rows } = await pool.query<Head>({
    name: 'audit-head',
    text: 'SELECT sequence, head, hmac FROM audit_heads WHERE tenant_id = $1',
    values: [tenantId],
  })
  return rows[0] ?? null
}

/**
 * Stamp, session and trail in one statement, all of them or none: `moved` when the trail has a newer row than the one extended,
 * `changed` when the password verified is not the one that stands any more.
 */
export async function beginSession(
  pool: pg.Pool,
  session: SessionRow,
  verifiedHash: string,
  { link, at, hmac, headHmac, before }: Extension,
): Promise<'begun' | 'moved' | 'changed'> {
  const { rows } = await pool.query<{ stands: boolean; begun: boolean }>({
    name: 'login',
    text: `WITH person AS (
             SELECT id FROM users WHERE id = $3 AND password_hash = $9 AND is_active FOR NO KEY UPDATE
           ), extended AS (
             UPDATE audit_heads SET sequence = $11, head = $17, hmac = $18
              WHERE tenant_id = $10 AND sequence = $19 AND head = $20 AND EXISTS (SELECT FROM person) RETURNING tenant_id
           ), event AS (
             INSERT INTO audit_events (id, tenant_id, sequence, event_type, event_timestamp, severity, user_id, action, result, ip_address,
                                       resource_type, resource_id, hmac)
             SELECT $12, tenant_id, $11, $13, $8, $14, $3, $15, $16, $6, 'session', $1::text, $17 FROM extended
           ), stamped AS (
             UPDATE users SET last_login_at = $8 FROM extended WHERE id = $3
           ), session AS (
             INSERT INTO sessions (id, token_hash, user_id, remember_me, ip_address, user_agent, created_at, authenticated_at, last_accessed_at,
                                   factor_at)
             SELECT $1::uuid, $2, $3, $4, $5, $7, $8, $8, $8, $21 FROM extended RETURNING id
           )
           SELECT EXISTS (SELECT FROM person) AS stands, EXISTS (SELECT FROM session) AS begun`,
    values: [
      session.id,
      session.token_hash,
      session.user_id,
      session.remember_me,
      session.ip_address,
      link.ip,
      session.user_agent,
      at,
      verifiedHash,
      link.tenantId,
      link.sequence,
      link.id,
      link.eventType,
      link.severity,
      link.action,
      link.result,
      hmac,
      headHmac,
      before.sequence,
      before.head,
      session.factor_at,
    ],
  })
  if (rows[0]?.begun) return 'begun'
  return rows[0]?.stands ? 'moved' : 'changed'
}
