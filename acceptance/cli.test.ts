// The command line as people and scripts use it: the real binary against a real server, and the guide's own commands.
import { execFileSync, spawn } from 'node:child_process'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, createKey, type Person, signUp, succeed } from './support/client.ts'
import { databaseOf } from './support/database.ts'
import { read, snippets } from './support/documents.ts'
import { bash, type Run, run } from './support/run.ts'
import { relaxed, repository, type Server, startServer, temporaryDirectory } from './support/server.ts'

const program = join(repository, 'cli/bin/aion.js')
/** Documents larger than this are too large for the plan of everybody here. */
const documentBytesMax = 100_000

let server: Server
let home: string
let person: Person
/** Approves in the person's name, as they would in a browser. */
let browser: string

beforeAll(async () => {
  home = await temporaryDirectory()
  execFileSync(process.execPath, [join(repository, 'cli/bin/build.js')])
  server = await startServer({
    ...relaxed,
    AION_PLAN_OVERRIDES: `{"starter":{"documentSizeBytesMax":${documentBytesMax},"requestsPerMinute":5000}}`,
  })
  person = await signUp(server.url)
  browser = join(home, 'browser')
  await writeFile(
    browser,
    `#!/bin/bash -e
code="\${1#*code=}"
answer=$(curl -sS --fail-with-body "$AIONVISION_BASE_URL/api/v2/auth/session/cli/approve" -H "Authorization: Bearer $APPROVER" \\
  -H 'Content-Type: application/json' -d "{\\"user_code\\":\\"$code\\"}")
to=$(grep -o 'http://127[^"]*' <<< "$answer")
curl -sS "$to" > "$HOME/page.html"
`,
  )
  await chmod(browser, 0o700)
  await mkdir(join(home, 'bin'))
  await writeFile(join(home, 'bin', 'aion'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o700 })
}, 120_000)
afterAll(() => server.discard())

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: `${join(home, 'bin')}:${process.env.PATH}`,
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  AIONVISION_BASE_URL: server.url,
  APPROVER: person.session,
  BROWSER: browser,
  ...more,
})

/** Not on a terminal: what a script sees. */
function aion(words: string[], env: Record<string, string> = {}, cwd = home): Promise<Run> {
  return run(process.execPath, [program, ...words], '', environment(env), cwd)
}

async function answer<Shape>(words: string[], env?: Record<string, string>, cwd?: string): Promise<Shape> {
  const { code, stdout, stderr } = await aion(words, env, cwd)
  expect(`${code} ${stderr}`, words.join(' ')).toBe('0 ')
  return JSON.parse(stdout) as Shape
}

/** On a terminal of its own; types `input` when `waitFor` was shown. */
async function onTerminal(words: string[], waitFor = '', input = '', env: Record<string, string> = {}): Promise<Run> {
  const driver = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen, typed = b'', False
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    seen += chunk
    if os.environ['WAIT_FOR'] and not typed and os.environ['WAIT_FOR'].encode() in seen:
        os.write(terminal, os.environ['TYPED'].encode())
        typed = True
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
  const own = environment({ WAIT_FOR: waitFor, TYPED: input, TERM: 'xterm', ...env })
  return run('python3', ['-c', driver, process.execPath, program, ...words], '', own, home)
}

describe('signing in', () => {
  test('a browser that approves brings a session, kept where only its owner reads it', async () => {
    const { code, stdout, stderr } = await aion(['login'])
    expect(`${code}`, stderr).toBe('0')
    expect(JSON.parse(stdout)).toMatchObject({ email: person.email, base_url: server.url })
    expect(stderr).toMatch(/code: [A-Z]{4}-[A-Z]{4}/)
    expect(await readFile(join(home, 'page.html'), 'utf8')).toContain('You are signed in')
    expect((await stat(join(home, 'config/aionvision'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(home, 'config/aionvision/credentials.json'))).mode & 0o777).toBe(0o600)
    expect(await answer(['whoami'])).toMatchObject({ credential: 'session', email: person.email, tenant: { role: 'owner' } })
  })

  test.concurrent.each([
    ['a code typed elsewhere does as well', true, 0],
    ['a refusal there ends it', false, 4],
  ])('%s', async (_, approve, exit) => {
    const config = await temporaryDirectory()
    const child = spawn(process.execPath, [program, 'login', '--device'], { env: environment({ XDG_CONFIG_HOME: config }) })
    const ended = once(child, 'close')
    let told = ''
    const user_code = await new Promise<string>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        told += text
        const shown = /^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(told)?.[1]
        if (shown) resolve(shown)
      })
    })
    const body = { user_code, approve }
    await succeed(call(server.url, 'POST', '/api/v2/auth/session/cli/approve', { token: person.session, body }))
    expect((await ended)[0], told).toBe(exit)
  })

  test('who is not signed in, and whose credential is over, end with 3', async () => {
    const nobody = { XDG_CONFIG_HOME: join(home, 'nobody') }
    expect(await aion(['keys', 'list'], nobody)).toMatchObject({ code: 3, stderr: expect.stringContaining('aion login') })
    const over = await aion(['team', 'list', '--json'], { AIONVISION_SESSION_TOKEN: 'ses_over' })
    expect(over.code).toBe(3)
    expect(JSON.parse(over.stderr)).toMatchObject({ error: { code: 'INVALID_SESSION' }, exit_code: 3 })
    expect((await aion(['keys', 'list'], { ...nobody, AIONVISION_API_KEY: 'aion_live_x' })).stderr).toContain(
      'A key is not enough',
    )
  })

  test('logout ends the session at the server', async () => {
    const config = { XDG_CONFIG_HOME: join(home, 'passing') }
    await aion(['login'], config)
    const stored = JSON.parse(await readFile(join(home, 'passing/aionvision/credentials.json'), 'utf8'))
    const token = stored[server.url].session_token as string
    const me = () => call(server.url, 'GET', '/api/v2/auth/session/me', { token })
    expect((await me()).status).toBe(200)
    expect(await answer(['logout'], config)).toMatchObject({ signed_out: true })
    expect((await me()).status).toBe(401)
    expect((await aion(['whoami'], config)).code).toBe(3)
  })

  test('an old proof is asked for again on a terminal, unseen, and refused without one', async () => {
    const config = { XDG_CONFIG_HOME: join(home, 'stale') }
    await aion(['login'], config)
    const stored = JSON.parse(await readFile(join(home, 'stale/aionvision/credentials.json'), 'utf8'))
    const digest = createHash('sha256').update(stored[server.url].session_token).digest()
    const database = await databaseOf(server)
    await database.query(`UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE token_hash = $1`, [digest])
    await database.end()
    expect(await aion(['keys', 'create', 'late'], config)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('still you'),
    })
    const asked = await onTerminal(['keys', 'create', 'late'], 'Password', `${person.password}\r`, config)
    expect(asked.stdout).toMatch(/aion_live_\w{38}/)
    expect(asked.stdout).not.toContain(person.password)
    expect(asked.code).toBe(0)
  })
})

test('the journey: key, a directory with three bad files, list, download, usage, rotate, revoke', async () => {
  const made = await answer<{ id: string; api_key: string }>(['keys', 'create', 'journey', '--expires', '30d'])
  const key = { AIONVISION_API_KEY: made.api_key }

  const photos = join(home, 'photos')
  await mkdir(join(photos, 'deep'), { recursive: true })
  const names = Array.from({ length: 197 }, (_, index) => `${index % 2 ? 'deep/' : ''}note-${String(index).padStart(3, '0')}.txt`)
  for (const name of names) await writeFile(join(photos, name), `${name} ${randomBytes(200).toString('base64')}`)
  await writeFile(join(photos, 'empty.txt'), '')
  await writeFile(join(photos, 'program.exe'), randomBytes(100))
  await writeFile(join(photos, 'deep', 'large.txt'), 'x'.repeat(documentBytesMax + 1))

  const up = await aion(['upload', '--recursive', 'photos', '--json'], key)
  expect(up.code, up.stderr).toBe(7)
  interface Uploaded {
    path: string
    status: string
    id?: string
    error?: { code: string; message: string }
  }
  const report = JSON.parse(up.stdout) as { stored: number; failed: number; files: Uploaded[] }
  expect(report).toMatchObject({ stored: 197, failed: 3 })
  const bad = report.files.filter(({ status }) => status === 'failed')
  expect(bad.map(({ path, error }) => [path, error?.code]).sort()).toEqual([
    ['photos/deep/large.txt', 'FILE_TOO_LARGE'],
    ['photos/empty.txt', 'VALIDATION_ERROR'],
    ['photos/program.exe', 'UNSUPPORTED_CONTENT_TYPE'],
  ])
  for (const { path } of bad) expect(up.stderr).toContain(path)
  expect(bad.find(({ path }) => path.endsWith('.exe'))?.error?.message).toMatch(/ Allowed: .*text\/markdown/)

  const again = await aion(['upload', '--recursive', 'photos'], key)
  expect(again.code).toBe(7)
  const listed = await answer<{ id: string; filename: string }[]>(['files', 'list', '--all'], key)
  expect(listed).toHaveLength(197)

  const [first] = report.files.filter(({ status }) => status === 'stored')
  await answer(['files', 'download', first?.id ?? '', '--output', 'back.txt'], key)
  expect(await readFile(join(home, 'back.txt'))).toEqual(await readFile(join(home, first?.path ?? '')))
  expect((await aion(['files', 'download', first?.id ?? '', '--output', 'back.txt'], key)).code).toBe(2)
  expect((await aion(['files', 'download', first?.id ?? '', '-o', '-'], key)).stdout).toBe(
    await readFile(join(home, 'back.txt'), 'utf8'),
  )

  expect(await answer(['usage'], key)).toMatchObject({ plan: { name: 'STARTER', requests_used: 197 } })
  expect(await answer(['files', 'rm', first?.id ?? ''], key)).toEqual([{ id: first?.id, deleted: true }])

  const successor = await answer<{ id: string; api_key: string }>(['keys', 'rotate', 'journey', '--overlap', '0s'])
  expect((await aion(['files', 'list'], key)).code).toBe(3)
  expect(await answer(['files', 'list', '--limit', '1'], { AIONVISION_API_KEY: successor.api_key })).toHaveLength(1)
  expect((await aion(['keys', 'revoke', successor.id])).code).toBe(2)
  expect(await answer(['keys', 'revoke', successor.id, '--yes'])).toMatchObject({ revoked: true })
  expect((await aion(['files', 'list'], { AIONVISION_API_KEY: successor.api_key })).code).toBe(3)
}, 60_000)

describe('uploads', () => {
  test('a terminal sees how far it is, how fast, and how long it takes', async () => {
    await mkdir(join(home, 'few'))
    for (let index = 0; index < 20; index++)
      await writeFile(join(home, 'few', `${index}.txt`), randomBytes(20_000).toString('hex'))
    const { code, stdout } = await onTerminal(['upload', '-r', 'few', '--tag', 'few'])
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(/\[#*\.*\] \d+% +\d+\/20 .*[KM]B\/s +\d+s left/)
    expect(stdout).toMatch(/Stored.* 20 files/)
    expect(await answer(['files', 'list', '--tag', 'few'])).toHaveLength(20)
  })

  test('one that was killed goes on where it was, and doubles nothing', async () => {
    await mkdir(join(home, 'killed'))
    for (let index = 0; index < 60; index++)
      await writeFile(join(home, 'killed', `killed-${index}.txt`), randomBytes(20_000).toString('hex'))
    const config = join(home, 'killed-config')
    const own = { XDG_CONFIG_HOME: config, AIONVISION_SESSION_TOKEN: person.session }
    const env = environment(own)
    const child = spawn(process.execPath, [program, 'upload', '-r', 'killed'], { env, cwd: home, stdio: 'ignore' })
    const ended = once(child, 'close')
    const journal = async () => {
      const [name] = await readdir(join(config, 'aionvision/uploads')).catch(() => [])
      return name ? readFile(join(config, 'aionvision/uploads', name), 'utf8') : ''
    }
    while ((await journal()).split('file_id').length < 10 && child.exitCode === null) await sleep(5)
    child.kill('SIGKILL')
    await ended
    const report = await answer<{ stored: number; files: { earlier: boolean }[] }>(['upload', '-r', 'killed'], own)
    expect(report.stored).toBe(60)
    expect(report.files.filter(({ earlier }) => earlier).length).toBeGreaterThan(8)
    expect(await answer(['files', 'list', '--all', '--search', 'killed-'], own)).toHaveLength(60)
    expect(await journal()).toBe('')
  })
})

describe('what is asked and cannot be done', () => {
  test.each([
    [['keyz'], 2, 'There is no command "keyz"'],
    [['keys'], 2, 'list, create, rotate, revoke'],
    [['keys', 'list', '--nonsense'], 2, '--nonsense'],
    [['keys', 'create'], 2, 'NAME is missing'],
    [['team', 'role', 'a@example.com', 'king'], 2, 'viewer, editor, admin'],
    [['upload', 'photos'], 2, '--recursive'],
    [['upload', 'nowhere'], 6, 'nowhere'],
    [['files', 'get', '8f14e45f-ceea-467f-9575-6e1c2f0a7b11'], 6, 'NOT_FOUND'],
    [['team', 'remove', 'nobody@example.com', '--yes'], 6, 'nobody@example.com'],
    [['team', 'invite', 'no-address'], 4, 'VALIDATION_ERROR'],
    [['config', 'set', 'base_url', 'http://example.com'], 2, 'not encrypted'],
    [['login', '--base-url', 'http://127.0.0.1:9999'], 8, 'aion doctor'],
  ])('%j ends with %i', async (words, code, said) => {
    expect(await aion(words)).toMatchObject({ code, stderr: expect.stringContaining(said) })
  })

  test('a limit ends with 5, a key among the arguments brings a warning', async () => {
    const { key } = await createKey(server.url, person.session, { rate_limit_per_minute: 1 })
    await call(server.url, 'GET', '/api/v2/user-files', { token: key })
    const { code, stderr } = await aion(['whoami', '--api-key', key], { AIONVISION_MAX_RETRIES: '0' })
    expect(stderr).toContain('can be read by others')
    expect(code).toBe(5)
  })
})

describe('doctor', () => {
  const diagnose = async (env: Record<string, string>) => {
    const { code, stdout } = await aion(['doctor', '--json'], env)
    const checks = JSON.parse(stdout) as { name: string; result: string; message: string }[]
    return { code, wrong: checks.filter(({ result }) => result !== 'ok').map(({ name, message }) => `${name}: ${message}`) }
  }
  const elsewhere = async (headers: Record<string, string>, body: string) => {
    const fake = createServer((_, response) => response.writeHead(200, headers).end(body))
    await once(fake.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(fake.address() as AddressInfo).port}`
    return { url, stop: () => fake.close() }
  }

  test('finds nothing where nothing is wrong', async () => {
    expect(await diagnose({})).toEqual({ code: 0, wrong: [] })
  })

  test.each([
    [
      'one that was cut off',
      (key: string) => key.slice(0, -1),
      /^credential: wrong key: AIONVISION_API_KEY holds no whole key: it has 47/,
    ],
    ['a slip', (key: string) => `${key.slice(0, 20)}${key[20] === 'x' ? 'y' : 'x'}${key.slice(21)}`, /checksum/],
    ['another server’s', () => otherServersKey, /another server/],
  ])('finds a wrong key: %s', async (_, wrong, said) => {
    const { key } = await createKey(server.url, person.session)
    const { code, wrong: found } = await diagnose({ AIONVISION_API_KEY: wrong(key) })
    expect([code, found.length]).toEqual([1, 1])
    expect(found[0]).toMatch(said)
    expect(found[0]).not.toContain(key.slice(14, 20))
  })

  test('finds a wrong address: nothing there, something else there, no such name', async () => {
    expect((await diagnose({ AIONVISION_BASE_URL: 'http://127.0.0.1:9999' })).wrong[0]).toMatch(/^server: nothing listens/)
    const page = await elsewhere({ 'content-type': 'text/html' }, '<h1>It works!</h1>')
    expect((await diagnose({ AIONVISION_BASE_URL: page.url })).wrong[0]).toMatch(/^server: wrong address: something answers/)
    page.stop()
    const { wrong } = await diagnose({ AIONVISION_BASE_URL: 'https://aion.invalid', HTTPS_PROXY: 'http://127.0.0.1:3128' })
    expect(wrong[0]).toMatch(/^proxy: HTTPS_PROXY is set but not used/)
    expect(wrong[1]).toMatch(/^server: .*aion\.invalid.*proxy/)
  })

  test('finds a clock that is off', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString()
    const late = await elsewhere({ 'content-type': 'application/json', date }, '{"plans":[]}')
    expect((await diagnose({ AIONVISION_BASE_URL: late.url })).wrong[0]).toMatch(
      /^clock: this machine's clock is (59m|1h).* behind/,
    )
    late.stop()
  })
})

/** Well formed: its checksum holds. */
const otherServersKey = 'aion_live_000000000000000000000000000000002LBUIA'

describe('what is shown', () => {
  test('control characters of a server are written out, on a terminal and in JSON', async () => {
    const name = 'evil\u001b]0;title\u0007\u009b31m\u202e'
    const tenant = {
      id: 'x',
      name,
      role: 'owner',
      plan: 'free',
      is_owner: true,
      joined_at: '2026-01-01T00:00:00Z',
      member_count: 1,
    }
    const fake = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ tenants: [tenant] })),
    )
    await once(fake.listen(0, '127.0.0.1'), 'listening')
    const env = {
      AIONVISION_BASE_URL: `http://127.0.0.1:${(fake.address() as AddressInfo).port}`,
      AIONVISION_SESSION_TOKEN: 'ses_x',
    }
    const shown = await onTerminal(['tenants'], '', '', env)
    expect(shown.stdout).toContain('evil\\x1b]0;title\\x07\\x9b31m\\u{202e}')
    const piped = await aion(['tenants'], env)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may come.
    expect(piped.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(JSON.parse(piped.stdout)[0].name).toBe(name)
    fake.close()
  })

  test('colours go to terminals only, and not with NO_COLOR', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for.
    const coloured = /\u001b\[\d+m/
    expect((await onTerminal(['tenants'])).stdout).toMatch(coloured)
    expect((await onTerminal(['tenants'], '', '', { NO_COLOR: '1' })).stdout).not.toMatch(coloured)
    expect((await aion(['tenants'])).stdout).not.toMatch(coloured)
  })

  test('each command explains itself with an example', async () => {
    const { code, stdout } = await aion(['--help'])
    expect(code).toBe(0)
    const names = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}/gm)].map((match) => match[1] ?? '')
    expect(names.length).toBeGreaterThan(25)
    const pages = await aion(['help', 'keys'])
    for (const name of names.filter((each) => each.startsWith('keys ')))
      expect(pages.stdout).toMatch(new RegExp(`Usage: aion ${name}[^]*Example:\\n  aion ${name}`))
  })
})

test('completion: bash completes commands, words, options and choices', async () => {
  const { code, stdout, stderr } = await bash(
    `source <(aion completion bash)
try() { COMP_WORDS=(aion "$@"); COMP_CWORD=$#; _aion; echo "\${COMPREPLY[*]}"; }
try ke
try keys ro
try keys create --env
try keys create x --environment ''
try completion f`,
    environment(),
  )
  expect(`${code} ${stderr}`).toBe('0 ')
  expect(stdout.trim().split('\n')).toEqual(['keys', 'rotate', '--environment', 'live test', 'fish'])
  for (const shell of ['zsh', 'fish']) expect((await aion(['completion', shell])).stdout).toContain('keys')
})

test('listen prints what is truly signed, once, and refuses the rest', async () => {
  const secret = randomBytes(32)
  const env = environment({ AIONVISION_WEBHOOK_SECRET: `whsec_${secret.toString('base64')}` })
  const child = spawn(process.execPath, [program, 'listen', '--port', '0', '--count', '2'], { env })
  let [out, told] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const url = await new Promise<string>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
      const shown = /http:\S+/.exec(told)?.[0]
      if (shown) resolve(shown)
    })
  })
  const send = async (id: string, { age = 0, key = secret, body = `{"type":"file.stored","data":{"id":"${id}"}}` } = {}) => {
    const timestamp = String(Math.floor(Date.now() / 1000) - age)
    const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,AAAA ${signature}` }
    return (await fetch(url, { method: 'POST', headers, body })).status
  }
  expect([
    await send('a'),
    await send('a'),
    await send('forged', { key: randomBytes(32) }),
    await send('old', { age: 400 }),
  ]).toEqual([204, 204, 401, 401])
  expect((await fetch(url)).status).toBe(405)
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(2 ** 21) }).catch(() => ({ status: 413 }))).status).toBe(413)
  expect(await send('b')).toBe(204)
  const [code] = (await once(child, 'close')) as [number]
  expect([
    code,
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).data.id),
  ]).toEqual([0, ['a', 'b']])
  expect(told).toContain('does not match')
})

test('the commands of docs/guide/command-line.md work', async () => {
  const reader = await signUp(server.url)
  const socket = createSocket()
  await once(socket.listen(0, '127.0.0.1'), 'listening')
  const PORT = String((socket.address() as AddressInfo).port)
  socket.close()
  const { AIONVISION_BASE_URL: _, ...env } = environment({
    AION: server.url,
    PORT,
    XDG_CONFIG_HOME: join(home, 'guide'),
    APPROVER: reader.session,
  })
  const own = join(home, 'guide-browser')
  await writeFile(own, `#!/bin/sh\nAIONVISION_BASE_URL="$AION" exec "${browser}" "$@"\n`, { mode: 0o700 })
  const directory = join(home, 'reader')
  await mkdir(directory)
  const { code, stderr, stdout } = await bash(
    snippets('docs/guide/command-line.md', 'bash').join('\n'),
    { ...env, BROWSER: own },
    directory,
  )
  expect(code, `${stderr}${stdout}`).toBe(0)
})

test('the guide names every exit code, and every command is in it or in a group that is', async () => {
  const guide = read('docs/guide/command-line.md')
  const codes = [...read('cli/src/exit-codes.ts').matchAll(/^ {2}\w+: (\d+),$/gm)].map((match) => match[1])
  for (const code of codes) expect(guide).toContain(`| ${code} | `)
  const sources = await readdir(join(repository, 'cli/src/commands'))
  const names = sources.flatMap((file) =>
    [...read(`cli/src/commands/${file}`).matchAll(/^ +name: '([a-z ]+)',\n +summary/gm)].map((match) => match[1]),
  )
  const unnamed = names.filter((name) => !guide.includes(`aion ${name}`))
  expect(unnamed.filter((name) => name !== 'help')).toEqual([])
})
