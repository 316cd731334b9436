// The token in a mail's link: derived from its row's id when the mail is sent, so that no queue and no table ever holds it.
import { createHash, createHmac, randomUUID } from 'node:crypto'
import type { Connection } from '../../platform/database/database.ts'
import type { Secrets } from '../../platform/secrets.ts'
import { insertOneTimeToken } from './queries.ts'

export type Purpose = 'verify_email' | 'reset_password' | 'change_email'

/** A day to find the mail; an hour to choose a password. */
export const tokenLifeMs: Readonly<Record<Purpose, number>> = {
  verify_email: 24 * 3_600_000,
  reset_password: 3_600_000,
  change_email: 24 * 3_600_000,
}

export function deriveToken(secrets: Secrets, rowId: string): string {
  return createHmac('sha256', secrets.derive('one-time-token')).update(rowId).digest('base64url')
}

export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Returns the row's id: all that a mail job carries. */
export async function issueToken(
  conn: Connection,
  secrets: Secrets,
  token: { purpose: Purpose; userId: string; now: number; newEmail?: string },
): Promise<string> {
  const id = randomUUID()
  await insertOneTimeToken(conn, {
    id,
    purpose: token.purpose,
    user_id: token.userId,
    token_hash: tokenDigest(deriveToken(secrets, id)),
    created_at: new Date(token.now),
    expires_at: new Date(token.now + tokenLifeMs[token.purpose]),
    consumed_at: null,
    new_email: token.newEmail ?? null,
  })
  return id
}
