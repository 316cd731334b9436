// All SQL on buckets that tenants bring, and on the version of the key that seals their credentials.
import type { Selectable } from 'kysely'
import type { Connection, Trx } from '../../platform/database/database.ts'
import type { Database } from '../../platform/database/schema.ts'

export type OwnBucketRow = Selectable<Database['own_buckets']>

const purpose = 'own-bucket-credentials'

export async function findOwnBucket(conn: Connection, tenantId: string): Promise<OwnBucketRow | undefined> {
  return conn.selectFrom('own_buckets').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

export async function findBucketName(conn: Connection, tenantId: string): Promise<string | null> {
  const row = await conn.selectFrom('own_buckets').select('bucket_name').where('tenant_id', '=', tenantId).executeTakeFirst()
  return row?.bucket_name ?? null
}

export async function putOwnBucket(trx: Trx, row: OwnBucketRow): Promise<void> {
  const { tenant_id: _, ...values } = row
  await trx
    .insertInto('own_buckets')
    .values(row)
    .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values))
    .execute()
}

/** The bucket's name; null when there was none. */
export async function deleteOwnBucket(trx: Trx, tenantId: string): Promise<string | null> {
  const row = await trx.deleteFrom('own_buckets').where('tenant_id', '=', tenantId).returning('bucket_name').executeTakeFirst()
  return row?.bucket_name ?? null
}

/** Only of the configuration that was looked at: another may have come meanwhile. */
export async function noteValidation(conn: Connection, row: OwnBucketRow, at: Date, error: string | null): Promise<void> {
  await conn
    .updateTable('own_buckets')
    .set({ error, ...(error === null && { validated_at: at }) })
    .where('tenant_id', '=', row.tenant_id)
    .where('configured_at', '=', row.configured_at)
    .execute()
}

export async function readKeyVersion(conn: Connection): Promise<number> {
  const row = await conn.selectFrom('secret_versions').select('version').where('purpose', '=', purpose).executeTakeFirst()
  return row?.version ?? 1
}

export async function raiseKeyVersion(trx: Trx, at: Date): Promise<number> {
  const row = await trx
    .insertInto('secret_versions')
    .values({ purpose, version: 2, rotated_at: at })
    .onConflict((conflict) =>
      conflict.column('purpose').doUpdateSet((eb) => ({ version: eb('secret_versions.version', '+', 1), rotated_at: at })),
    )
    .returning('version')
    .executeTakeFirstOrThrow()
  return row.version
}

/** One that an older key sealed; locked, and passed over where somebody else holds it. */
export async function lockSealedBefore(trx: Trx, version: number): Promise<OwnBucketRow | undefined> {
  return trx
    .selectFrom('own_buckets')
    .selectAll()
    .where('key_version', '<', version)
    .orderBy('tenant_id')
    .limit(1)
    .forUpdate()
    .executeTakeFirst()
}

export async function reseal(trx: Trx, tenantId: string, sealed: { credentials: Buffer; key_version: number }): Promise<void> {
  await trx.updateTable('own_buckets').set(sealed).where('tenant_id', '=', tenantId).execute()
}
