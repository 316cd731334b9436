// SQL that asks whether a key that was found somewhere is one of ours.
import type { Connection } from '../../platform/database/database.ts'

export interface FoundKey {
  readonly id: string
  readonly tenant_id: string
  readonly key_hash: Buffer
}

export async function findKeysByHash(conn: Connection, hashes: readonly Buffer[]): Promise<FoundKey[]> {
  if (hashes.length === 0) return []
  return conn.selectFrom('api_keys').select(['id', 'tenant_id', 'key_hash']).where('key_hash', 'in', hashes).execute()
}
