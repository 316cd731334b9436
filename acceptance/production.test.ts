// Production mode: a weak secret stops the start, and what helps a developer is not there.
import { afterAll, describe, expect, test } from 'vitest'
import { call } from './support/client.ts'
import { runToExit, type Server, startServer } from './support/server.ts'

const production = { NODE_ENV: 'production', AION_PUBLIC_URL: 'https://api.example.com' }
const strong = 'q8Zr1vX0yT5nB3mK7wJ2hL9dF4sG6aPcUe'

describe('S40: the start is refused, and the sentence names the secret', () => {
  test.each([
    ['missing', {}],
    ['empty', { AION_SECRET: '' }],
    ['short', { AION_SECRET: 'only-thirty-one-bytes-0123456789'.slice(0, 31) }],
    ['default', { AION_SECRET: 'change-me-change-me-change-me-change-me' }],
    ['repeating', { AION_SECRET: 'a'.repeat(64) }],
  ])('%s', async (_name, env: Record<string, string>) => {
    const exit = await runToExit({ ...production, ...env })
    expect([exit.code, exit.stdout]).toEqual([1, ''])
    expect(exit.stderr.trim().split('\n')).toHaveLength(1)
    expect(exit.stderr).toContain('AION_SECRET')
    if (env.AION_SECRET) expect(exit.stderr).not.toContain(env.AION_SECRET)
  })

  test('a limit cannot be switched off, and links need an origin', async () => {
    const exit = await runToExit({ NODE_ENV: 'production', AION_SECRET: strong, AION_LIMIT_LOGIN: 'off' })
    expect(exit.code).toBe(1)
    for (const name of ['AION_LIMIT_LOGIN', 'AION_PUBLIC_URL']) expect(exit.stderr).toContain(name)
  })
})

describe('with a secret', () => {
  let server: Server | undefined
  afterAll(() => server?.discard())

  test('it starts, without mailbox, with Secure cookies only and no self-service plans', async () => {
    server = await startServer({ ...production, AION_SECRET: strong })
    const { url } = server
    for (const path of ['/dev/mailbox', '/dev/mailbox.json']) expect((await call(url, 'GET', path)).status).toBe(404)
    const body = { email: 'ada@example.com', password: 'Difference-Engine-1822', name: 'Ada', auto_login: true }
    const registered = await call(url, 'POST', '/api/v2/auth/session/register', { body })
    expect(registered.status).toBe(200)
    const cookie = registered.headers.get('set-cookie') ?? ''
    for (const attribute of ['aionvision_session=', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/'])
      expect(cookie).toContain(attribute)
    expect(server.stdout()).not.toContain('/dev/mailbox')
  })
})
