// A deed from the shell, which is over when every running server knows of it.
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { ackChannel, type Change, publish } from './changes.ts'
import type { Db, Trx } from './database/database.ts'
import { listListeners } from './listeners.ts'
import { StartupError } from './startup-error.ts'

/**
 * Does the deed in one transaction and returns when every server that listens has taken its change, or throws after `timeoutMs`.
 */
export async function publishAndAwaitServers<Result>(
  pool: pg.Pool,
  db: Db,
  deed: (trx: Trx) => Promise<Result>,
  change: Change,
  timeoutMs: number,
): Promise<Result> {
  const id = randomUUID()
  /** Ids of listeners. */
  const acks = new Set<string>()
  let heard = () => {}
  const ears = await pool.connect()
  ears.on('notification', ({ payload = '' }) => {
    const [listener = '', of] = payload.split(' ')
    if (of === id) acks.add(listener.split(':')[0] ?? '')
    heard()
  })
  try {
    await ears.query(`LISTEN ${ackChannel}`)
    const result = await db.transaction().execute(async (trx) => {
      const done = await deed(trx)
      await publish(trx, id, change)
      return done
    })
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const missing = (await listListeners((text, values) => ears.query(text, values))).filter(({ id }) => !acks.has(id))
      if (missing.length === 0) return result
      if (Date.now() > deadline)
        throw new StartupError(
          `Done, but ${missing.length} running server(s) did not take the change within ${timeoutMs / 1000} s.`,
        )
      await new Promise<void>((resolve) => {
        heard = resolve
        setTimeout(resolve, 100)
      })
    }
  } finally {
    ears.release(true)
  }
}
