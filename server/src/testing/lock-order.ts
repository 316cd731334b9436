// Two transactions that hold rows and wait for each other's go on until PostgreSQL ends one of them: nobody may wait with full hands.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { TestServer } from './harness.ts'

/** While somebody holds what `held` locks, `write` waits for it and does not hold yet what `wanted` locks. */
export async function expectEmptyHands(
  { database }: TestServer,
  { held, wanted, write }: { held: string; wanted: string; write: () => Promise<unknown> },
): Promise<void> {
  const somebody = new pg.Client(database)
  await somebody.connect()
  try {
    await somebody.query('BEGIN')
    await somebody.query(held)
    let over = false
    const written = write().finally(() => {
      over = true
    })
    written.catch(() => {})
    for (let waiting = 0; waiting === 0 && !over; await sleep(10)) waiting = (await somebody.query(blocked)).rowCount ?? 0
    if (over) await written.then(() => Promise.reject(new Error('it did not wait')))
    await somebody.query(`${wanted} NOWAIT`)
    await somebody.query('COMMIT')
    await written
  } finally {
    await somebody.end()
  }
}

const blocked = 'SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))'

/** Of ids in the order in which their rows were made: the first that has a smaller one behind it, and that one. */
export function contrary(made: readonly string[]): [larger: string, smaller: string] {
  for (const [place, larger] of made.entries()) {
    const smaller = made.slice(place).find((later) => later < larger)
    if (smaller) return [larger, smaller]
  }
  throw new Error('they were made in the order of their ids')
}

/** Of two rows `write` takes the one with the smaller id first, in whatever order they lie in the table. */
export async function expectLocksInOrder(
  server: TestServer,
  table: string,
  ids: readonly [string, string],
  write: () => Promise<unknown>,
): Promise<void> {
  const [smaller, larger] = [...ids].sort() as [string, string]
  const client = new pg.Client(server.database)
  await client.connect()
  // Written anew it comes last, and PostgreSQL takes that order unless it is told another.
  await client.query(`UPDATE ${table} SET id = id WHERE id = $1`, [smaller]).finally(() => client.end())
  const lock = (id: string) => `SELECT 1 FROM ${table} WHERE id = '${id}' FOR UPDATE`
  await expectEmptyHands(server, { held: lock(smaller), wanted: lock(larger), write })
}
