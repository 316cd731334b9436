// The table that says which bytes hold which key: one for all stores, so that an object is there, or gone, by a commit.
import { type Selectable, sql } from 'kysely'
import type { Connection, Db, Trx } from '../database/database.ts'
import type { Database } from '../database/schema.ts'
import type { Admit, NewObject, Place, StoredObject } from './object-store.ts'

export async function findObject(conn: Connection, key: string): Promise<StoredObject | null> {
  const row = await conn.selectFrom('stored_objects').selectAll().where('object_key', '=', key).executeTakeFirst()
  return row ? toObject(row) : null
}

function toObject(row: Selectable<Database['stored_objects']>): StoredObject {
  return {
    key: row.object_key,
    name: row.file_name,
    sizeBytes: row.size_bytes,
    sha256: row.sha256.toString('hex'),
    contentType: row.content_type,
    etag: row.etag,
    place: row.bucket_tenant_id && row.bucket_name ? { tenantId: row.bucket_tenant_id, bucket: row.bucket_name } : null,
  }
}

/** Points the key at new bytes, if `admit` lets it; answers the name of those that it pointed at before. */
export async function placeObject(
  db: Db,
  object: NewObject & { name: string; sha256: Buffer; etag: string | null; at: Date },
  admit: Admit,
): Promise<{ object: StoredObject; previous: string | null }> {
  const { key, name, sizeBytes, sha256, contentType, etag, place } = object
  let admitted = false
  try {
    return await db.transaction().execute(async (trx) => {
      await admit(trx)
      admitted = true
      // One at a time for each key: who collects it twice at once would meet the other's file name, which no ON CONFLICT here answers for.
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx)
      const held = await trx
        .selectFrom('stored_objects')
        .select('file_name')
        .where('object_key', '=', key)
        .forUpdate()
        .executeTakeFirst()
      const values = {
        file_name: name,
        size_bytes: sizeBytes,
        sha256,
        content_type: contentType,
        etag,
        bucket_tenant_id: place?.tenantId ?? null,
        bucket_name: place?.bucket ?? null,
        stored_at: object.at,
      }
      await trx
        .insertInto('stored_objects')
        .values({ object_key: key, ...values })
        .onConflict((conflict) => conflict.column('object_key').doUpdateSet(values))
        .execute()
      const previous = held && held.file_name !== name ? held.file_name : null
      return { object: { key, name, sizeBytes, sha256: sha256.toString('hex'), contentType, etag, place }, previous }
    })
  } catch (error) {
    throw admitted ? error : new NotAdmitted(error)
  }
}

/** Nothing was written, for certain; `reason` is what `admit` threw. After any other error the commit may have happened. */
export class NotAdmitted extends Error {
  override readonly name = 'NotAdmitted'
  constructor(readonly reason: unknown) {
    super('not admitted')
  }
}

/** Takes the row away; answers where its bytes are. */
export async function dropObject(trx: Trx, key: string): Promise<{ name: string; place: Place | null } | null> {
  const row = await trx.deleteFrom('stored_objects').where('object_key', '=', key).returningAll().executeTakeFirst()
  return row ? toObject(row) : null
}

/** Of these names, those that an object of this installation's store has. */
export async function knownNames(db: Db, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set()
  const rows = await db
    .selectFrom('stored_objects')
    .select('file_name')
    .where('file_name', 'in', [...names])
    .execute()
  return new Set(rows.map((row) => row.file_name))
}
