// Seals every tenant's bucket credentials anew under the next version of the key, one row at a time, while servers run.
import type { Db } from '../../platform/database/database.ts'
import type { Secrets } from '../../platform/secrets.ts'
import { lockSealedBefore, raiseKeyVersion, reseal } from './queries.ts'
import { openCredentials, sealCredentials } from './seal-credentials.ts'

/** Safe to run again after it was cut off: each row says which version sealed it. */
export async function rotateKey(db: Db, secrets: Secrets, now: number): Promise<{ version: number; resealed: number }> {
  const version = await db.transaction().execute((trx) => raiseKeyVersion(trx, new Date(now)))
  const one = () =>
    db.transaction().execute(async (trx) => {
      const row = await lockSealedBefore(trx, version)
      if (!row) return false
      const opened = openCredentials(secrets, row.key_version, row.tenant_id, row.credentials)
      const credentials = sealCredentials(secrets, version, row.tenant_id, opened)
      await reseal(trx, row.tenant_id, { credentials, key_version: version })
      return true
    })
  let resealed = 0
  while (await one()) resealed++
  return { version, resealed }
}
