// DATABASE_URL, read as libpq reads it.
import { describe, expect, test } from 'vitest'
import { parseDatabaseUrl } from './database-url.ts'

describe('what it leads to', () => {
  test.each([
    ['postgres://u:p%40ss@h:7000/d', { user: 'u', password: 'p@ss', host: 'h', port: 7000, database: 'd' }],
    ['postgresql://h', { host: 'h' }],
    ['postgres://u@[::1]:5433/d?options=endpoint%3Dep-1', { host: '::1', port: 5433, options: 'endpoint=ep-1' }],
    ['postgres://u:p@/d?host=/cloudsql/a:b:c', { user: 'u', host: '/cloudsql/a:b:c', database: 'd', ssl: false }],
    ['postgres:///d?host=%2Frun%2Fpostgresql&sslmode=require', { host: '/run/postgresql', ssl: false }],
    ['postgres://%2Frun%2Fpostgresql/d', { host: '/run/postgresql', database: 'd', ssl: false }],
    ['postgres://h/d?user=u&password=p&port=1&dbname=e', { user: 'u', password: 'p', host: 'h', port: 1, database: 'e' }],
    ['postgres://h/d?sslmode=disable', { ssl: false }],
    ['postgres://h/d?sslmode=require', { ssl: { rejectUnauthorized: false } }],
    ['postgres://h/d?sslmode=verify-full', { ssl: { rejectUnauthorized: true } }],
    ['postgres://h/d?sslrootcert=system', { ssl: { rejectUnauthorized: true } }],
    ['postgres://h/d?sslmode=require&channel_binding=require', { enableChannelBinding: true }],
  ])('%s', (text, connection) => {
    const read = parseDatabaseUrl(text)
    expect(typeof read === 'string' ? read : read.connection).toMatchObject(connection)
  })

  test.each(['postgres://h/d', 'postgres://h/d?sslmode=prefer', 'postgres://h/d?sslmode=allow'])(
    '%s: with TLS where it is offered',
    (text) => expect(parseDatabaseUrl(text)).toMatchObject({ orPlain: true, connection: { ssl: { rejectUnauthorized: false } } }),
  )
})

test('application_name changes nothing: connections are told apart by the names that we give them', () => {
  expect(parseDatabaseUrl('postgres://h/d?application_name=x')).not.toHaveProperty('connection.application_name')
})

test.each([
  ['mysql://h/d', /must be a URL starting with postgres/],
  ['postgres://u:p#ss@h/d', /written as %40/],
  ['postgres://a,b/d', /several hosts/],
  ['postgres://a:1,b:2/d', /several hosts/],
  ['postgres://h/d?sslmode=always', /sslmode=always: there are disable, allow, prefer/],
  ['postgres://h/d?sslmode=verify-ca', /needs sslrootcert/],
  ['postgres://h/d?sslmode=require&sslrootcert=system', /needs sslmode=verify-full/],
  ['postgres://h/d?sslrootcert=/no/such.crt', /names \/no\/such\.crt by sslrootcert, which cannot be read \(ENOENT\)/],
  ['postgres://h/d?schema=public', /has the parameter schema: there are host, port/],
])('%s is refused, without the password', (text, fault) => {
  const read = parseDatabaseUrl(text)
  expect(read).toMatch(fault)
  expect(read).not.toContain('p#ss')
})
