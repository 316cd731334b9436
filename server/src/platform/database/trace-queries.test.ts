// What a span says of a query: its operation, its table, and its text without anything that could be a value.
import { expect, it } from 'vitest'
import { describeQuery } from './trace-queries.ts'

it.each([
  ['select "id" from "api_keys" where "hash" = $1', 'SELECT api_keys'],
  ['insert into "public"."users" ("id") values ($1)', 'INSERT public.users'],
  ['update "sessions" set "seen_at" = $1', 'UPDATE sessions'],
  ['delete from "files"', 'DELETE files'],
  ['with "gone" as (delete from "files" returning *) select * from "gone"', 'WITH files'],
  ['SELECT pg_notify($1, $2)', 'SELECT'],
  ['begin', 'BEGIN'],
])('%s', (text, name) => {
  expect(describeQuery(text).name).toBe(name)
  expect(describeQuery(text).attributes['db.query.text']).toBe(text)
})

it('takes literals out, and leaves of what needs a parser the first word', () => {
  const shown = (text: string) => describeQuery(text).attributes['db.query.text']
  expect(shown(`select * from "users" where "email" = 'ada@example.com' and "name" = 'O''Hara'`)).toBe(
    'select * from "users" where "email" = ? and "name" = ??',
  )
  for (const text of [`select E'it\\'s ada@example.com'`, 'select $$ada@example.com$$', 'select $x$ada@example.com$x$'])
    expect(shown(text)).toBe('select')
  expect(shown(`select ${'$1, '.repeat(2_000)}`)?.length).toBe(2_048)
})
