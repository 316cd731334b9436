// Who listens for changes, as PostgreSQL itself knows: each server's connection bears a name, and all of them can read it.
import type pg from 'pg'

export interface Listener {
  readonly id: string
  /** Tells the master secret from any other, and nothing about it: all servers of one database have the same. At most 10 characters. */
  readonly mark: string
  /** It does not reach the common counters, and counts by itself as one of so many; null = it counts with the others. */
  readonly apartOf: number | null
}

const prefix = 'aion-listener:'
/** A name holds 63 characters. */
const apartOfMax = 999

export const describe = ({ id, mark, apartOf }: Listener): string =>
  [id, mark, ...(apartOf === null ? [] : [Math.min(apartOf, apartOfMax)])].join(':')

export const connectionName = (listener: Listener): string => prefix + describe(listener)

/** Of one that has connected anew only the new connection: the old one may not have been missed yet. */
export async function listListeners(
  query: (text: string, values: unknown[]) => Promise<pg.QueryResult<{ name: string }>>,
): Promise<Listener[]> {
  const { rows } = await query(
    `SELECT application_name AS name FROM pg_stat_activity
      WHERE datname = current_database() AND starts_with(application_name, $1) ORDER BY backend_start`,
    [prefix],
  )
  return [...new Map(rows.map(({ name }) => parse(name)).map((listener) => [listener.id, listener])).values()]
}

/** Servers of older releases say nothing but their id, or nothing of how they count. */
function parse(name: string): Listener {
  const [id = '', mark = '', apartOf] = name.slice(prefix.length).split(':')
  return { id, mark, apartOf: apartOf === undefined ? null : Number(apartOf) }
}
