// Jobs: committed with their transaction, run until they succeed, and freed when the process that held them was killed.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import pg from 'pg'
import pino from 'pino'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { connect } from './database/database.ts'
import { createJobs, type Jobs, type Task } from './jobs.ts'

const log = pino({ level: 'silent' })
let name: string
let database: ReturnType<typeof connect>
let started: Jobs[]

beforeEach(async () => {
  name = `aion_test_${inject('template').split('_').at(-1)}_${randomUUID().slice(0, 8)}`
  await asAdmin((admin) => admin.query(`CREATE DATABASE "${name}" TEMPLATE ${inject('template')}`))
  database = connect({ ...inject('database'), database: name }, () => {})
  started = []
})
afterEach(async () => {
  for (const jobs of started) await jobs.stop()
  await database.db.destroy()
  await asAdmin((admin) => admin.query(`DROP DATABASE "${name}" WITH (FORCE)`))
})

async function asAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ ...inject('database') })
  await admin.connect()
  await work(admin).finally(() => admin.end())
}

async function startJobs(tasks: Record<string, Task>): Promise<Jobs> {
  const jobs = createJobs({ pool: database.pool, log })
  await jobs.start(tasks, [{ pattern: '0 4 * * *', task: Object.keys(tasks)[0] ?? '' }])
  started.push(jobs)
  return jobs
}

test('a job runs when its transaction commits, and not when it rolls back', async () => {
  const ran: unknown[] = []
  const jobs = await startJobs({ mark: async (payload) => void ran.push(payload.id) })
  const lost = database.db.transaction().execute(async (trx) => {
    await jobs.add(trx, 'mark', { id: 'lost' })
    throw new Error('rolled back')
  })
  await expect(lost).rejects.toThrow('rolled back')
  await database.db.transaction().execute((trx) => jobs.add(trx, 'mark', { id: 'kept' }))
  await vi.waitFor(() => expect(ran).toEqual(['kept']), 20_000)
})

test('a job that fails is tried again', async () => {
  let tries = 0
  const jobs = await startJobs({
    flaky: async () => {
      tries++
      if (tries === 1) throw new Error('not yet')
    },
  })
  await jobs.add(database.db, 'flaky', {})
  await vi.waitFor(() => expect(tries).toBe(2), 120_000)
})

test('stop waits for the job in hand', async () => {
  let finished = false
  const jobs = await startJobs({
    slow: async () => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      finished = true
    },
  })
  await jobs.add(database.db, 'slow', {})
  await vi.waitFor(async () => {
    const { rows } = await sql<{
      held: number
    }>`SELECT count(*) AS held FROM graphile_worker.jobs WHERE locked_by IS NOT NULL`.execute(database.db)
    expect(rows[0]?.held).toBe(1)
  })
  await jobs.stop()
  expect(finished).toBe(true)
})

test('jobs of a killed process are run by those that live, and those of a living one are left to it', async () => {
  const ran: string[] = []
  let finish = () => {}
  const first = await startJobs({
    slow: async () => {
      ran.push('slow')
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    },
  })
  await first.add(database.db, 'slow', {})
  await vi.waitFor(() => expect(ran).toEqual(['slow']), 20_000)
  // As it lies there when its process was killed: in a queue, which is locked with it.
  await first.add(database.db, 'mark', {}, { queue: 'one by one' })
  for (const table of ['jobs', 'job_queues'])
    await sql`UPDATE ${sql.table(`graphile_worker._private_${table}`)} SET locked_at = now(), locked_by = 'killed' WHERE locked_by IS NULL`.execute(
      database.db,
    )
  await startJobs({ mark: async () => void ran.push('mark'), slow: async () => void ran.push('slow again') })
  await vi.waitFor(() => expect(ran).toEqual(['slow', 'mark']), 20_000)
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  expect(ran).toEqual(['slow', 'mark'])
  finish()
})

test('jobs go on after the database was away, the one in hand included', async () => {
  const ran: string[] = []
  let cutOff = async () => {}
  const jobs = await startJobs({
    cut: async () => {
      ran.push('cut')
      if (ran.length === 1) await cutOff()
    },
    after: async () => void ran.push('after'),
  })
  const connections = (allowed: boolean) =>
    asAdmin(async (admin) => {
      await admin.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS ${allowed}`)
      if (!allowed) await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    })
  cutOff = () => connections(false)
  await jobs.add(database.db, 'cut', {})
  await vi.waitFor(() => expect(ran).toEqual(['cut']), 20_000)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await connections(true)
  await vi.waitFor(() => expect(ran).toEqual(['cut', 'cut']), 20_000)
  await vi.waitFor(() => jobs.add(database.db, 'after', {}), 20_000)
  await vi.waitFor(() => expect(ran).toContain('after'), 20_000)
})

test('jobs go on after the ends of two could not be written at once', async () => {
  const ran: string[] = []
  let both = () => {}
  const together = new Promise<void>((resolve) => {
    both = resolve
  })
  const jobs = await startJobs({
    pair: async ({ id, afterMs }) => {
      ran.push(String(id))
      if (ran.length === 2) both()
      await together
      await new Promise((resolve) => setTimeout(resolve, Number(afterMs)))
    },
  })
  const held = await database.pool.connect()
  await held.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_xact_lock_shared(1);
      RAISE 'not now';
    END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON graphile_worker._private_jobs EXECUTE FUNCTION refuse()`)
  await held.query('SELECT pg_advisory_lock(1)')
  await jobs.add(database.db, 'pair', { id: 'one', afterMs: 0 })
  await jobs.add(database.db, 'pair', { id: 'two', afterMs: 50 })
  const waiting = `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
  await vi.waitFor(async () => expect((await held.query(waiting)).rows[0].count).toBe(2), 20_000)
  await held.query('SELECT pg_advisory_unlock(1)')
  await new Promise((resolve) => setTimeout(resolve, 500))
  await held.query('DROP FUNCTION refuse CASCADE')
  held.release()
  await vi.waitFor(() => expect(ran.slice(2).sort()).toEqual(['one', 'two']), 30_000)
})
