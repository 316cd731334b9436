// S10: after a whole run, no secret of ours is anywhere at rest or in a log, in any form: only the answer that issued it had it.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, changePlan, createKey, download, mailToken, signIn, signUp, storeDocument, succeed } from './support/client.ts'
import { databaseOf, dump } from './support/database.ts'
import { relaxed, type Server, startServer } from './support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer({ ...relaxed, AION_LOG_LEVEL: 'trace' })
})
afterAll(() => server.discard())

/** Everything secret that the run was given, by name. */
const secrets = new Map<string, string>()
/** Answers that do not issue the secrets they might show. */
const bystanders: string[] = []

function keep(name: string, secret: string): string {
  expect(secret.length).toBeGreaterThan(7)
  secrets.set(name, secret)
  return secret
}

async function wholeRun(): Promise<void> {
  const { url } = server
  const look = async (path: string, token: string) => bystanders.push((await call(url, 'GET', path, { token })).raw)
  const owner = await signUp(url)
  keep('password', owner.password)
  keep('session', owner.session)
  keep('verification token', owner.token)
  const { id, key } = await createKey(url, owner.session, { metadata: { team: 'data' } })
  keep('key', key)
  const rotated = await succeed(
    call(url, 'POST', `/api/v2/api-keys/${id}/rotate`, { token: owner.session, body: { overlap_seconds: 60 } }),
  )
  keep('rotated key', rotated.text('api_key'))
  const file = await storeDocument(url, key, Buffer.from('a note without secrets'))
  keep(
    'signature of an upload URL',
    [...new URL(file.uploadUrl).searchParams.values()].sort((a, b) => b.length - a.length)[0] ?? '',
  )
  await download(url, key, file.id)
  for (const path of ['/api/v2/api-keys', `/api/v2/api-keys/${id}`, '/api/v2/auth/session/me', '/api/v2/auth/session/sessions'])
    await look(path, owner.session)
  for (const path of ['/api/v2/user-files', `/api/v2/user-files/${file.id}`, '/api/v2/nowhere']) await look(path, key)
  await call(url, 'GET', `/api/v2/user-files?api_key=${key}`)
  await call(url, 'GET', '/api/v2/user-files', { token: `${key.slice(0, -1)}x` })
  await call(url, 'POST', '/api/v2/auth/session/login', {
    body: { email: owner.email, password: keep('wrong password', 'Wrong-Password-4711') },
  })
  await call(url, 'POST', '/api/v2/auth/session/login', {
    headers: { authorization: `Bearer ${owner.session}` },
    body: { email: owner.email, password: [owner.password] },
  })
  await succeed(call(url, 'POST', '/api/v2/auth/session/password-reset/request', { body: { email: owner.email } }))
  const reset = keep('reset token', await mailToken(url, owner.email, 'reset-password'))
  await call(url, 'GET', `/api/v2/auth/session/password-reset/validate?token=${reset}`)
  const renewed = keep('new password', 'New-Difference-1847')
  await succeed(
    call(url, 'POST', '/api/v2/auth/session/password-reset/complete', { body: { token: reset, new_password: renewed } }),
  )
  const second = keep('second session', await signIn(url, owner.email, renewed))
  await succeed(call(url, 'DELETE', `/api/v2/api-keys/${id}?reason=done`, { token: second }))
  await changePlan(url, second, { action: 'cancel' })
  await call(url, 'POST', '/api/v2/auth/session/logout', { token: second })
}

/** As it is, and as bytes are often written. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [secret, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]
}

function found(text: string): string[] {
  return [...secrets].filter(([, secret]) => forms(secret).some((form) => text.includes(form))).map(([name]) => name)
}

test('not in the database, not in answers, not in logs, not in files', async () => {
  await wholeRun()
  const database = await databaseOf(server)
  const tables = await dump(database)
  await database.end()
  expect(tables.size).toBeGreaterThan(10)
  expect([...tables.keys()].some((name) => name.endsWith('audit_events'))).toBe(true)
  for (const [name, content] of tables) expect(found(content), name).toEqual([])
  for (const text of bystanders) expect(found(text), text.slice(0, 200)).toEqual([])
  expect(await server.stop()).toBe(0)
  expect(server.stderr().length).toBeGreaterThan(100)
  expect(found(server.stderr() + server.stdout())).toEqual([])
  // Write-ahead log, counters, objects: the files themselves. The outbox is the development mailbox and holds mails.
  for (const file of readdirSync(server.dataDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(server.dataDir, file)
    if (file.startsWith('outbox') || !statSync(path).isFile()) continue
    expect(found(readFileSync(path, 'latin1')), file).toEqual([])
  }
})
