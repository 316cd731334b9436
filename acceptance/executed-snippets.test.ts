// Every fenced snippet of README, guide and error pages is run by this suite: most beside their subject, the rest here, and none by nobody.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backendsOf, discardBackends } from './support/backends.ts'
import { call, createKey, type Person, register, signUp, succeed } from './support/client.ts'
import { read, snippetsOf } from './support/documents.ts'
import { bash, run } from './support/run.ts'
import { relaxed, repository, type Server, startServer, temporaryDirectory } from './support/server.ts'
import { notRun, own, pages, runners } from './support/snippet-runners.ts'

let server: Server
let owner: Person
let key: string
beforeAll(async () => {
  server = await startServer(relaxed)
  owner = await signUp(server.url)
  ;({ key } = await createKey(server.url, owner.session))
})
afterAll(() => server.discard())

function snippet(page: string, language: string, place = 0): string {
  const found = snippetsOf(page).filter((one) => one.language === language)[place]
  if (!found) throw new Error(`${page} has no snippet ${place + 1} in ${language}`)
  return found.text
}

test('every snippet has who runs it', () => {
  const there = pages.flatMap((page) => snippetsOf(page).map(({ language }) => ({ page, language })))
  const all = there.filter(({ page, language }) => !notRun.includes(`${page} ${language}`))
  // A page of an error is a command and its answer: acceptance/error-pages.test.ts.
  const [errors, others] = [
    all.filter(({ page }) => page.includes('/errors/')),
    all.filter(({ page }) => !page.includes('/errors/')),
  ]
  expect(errors.filter(({ language }) => language !== 'bash' && language !== 'http')).toEqual([])
  expect([...new Set(others.map(({ page, language }) => `${page} ${language}`))].sort()).toEqual(Object.keys(runners).sort())
  for (const [what, runner] of Object.entries(runners)) {
    const [page = '', language = ''] = what.split(' ')
    if (runner === own || runner === '.ci/run') continue
    const source = read(runner)
    expect([what, source.includes(page.split('/').at(-1) ?? ''), source.includes(`'${language}'`)]).toEqual([what, true, true])
  }
  console.log(
    `${all.length} snippets are executed: ${others.length} of README and guides, ${errors.length} of ${errors.length / 2} error pages; ${there.length - all.length} are not.`,
  )
})

test('README: CI installs and tests by the commands shown, and the start is the one that every server here makes', () => {
  const ci = read('.ci/run')
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const place of [0, 1])
    for (const command of snippet('README.md', 'sh', place).trim().split(' && ')) {
      if (command === 'npm start') expect(scripts.start).toContain('server/bin/aion-server.js')
      else expect(ci).toMatch(new RegExp(`^${command}\\b`, 'm'))
    }
})

test('the SDK: installed from a checkout, type-checked, run, and the output is the one shown', async () => {
  const page = 'docs/guide/typescript-sdk.md'
  const directory = await temporaryDirectory()
  const npm = { CHECKOUT: repository, HOME: directory, npm_config_audit: 'false', npm_config_fund: 'false' }
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  const installed = await bash(snippet(page, 'bash'), npm, directory)
  expect(installed.code, installed.stdout + installed.stderr).toBe(0)

  const inPage = snippetsOf(page)
  // Last, what asks for a bucket that the workspace has not brought.
  const refused = `await writeFile('photo.jpg', 'x')
    try { ${snippet('docs/guide/own-bucket.md', 'ts')} } catch (error) { console.log(error instanceof AionvisionError && error.code) }`
  const program = [...inPage.filter(({ language }) => language === 'ts').map(({ text }) => text), refused].join('\n')
  const shown = inPage.filter(({ language }) => language === 'text').map(({ text }) => text)
  const [source, target] = [join(directory, 'program.ts'), join(directory, 'program.mjs')]
  await writeFile(source, program)
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck', '--types', 'node']
  const types = ['--typeRoots', join(repository, 'node_modules/@types')]
  const checker = join(repository, 'node_modules/typescript/bin/tsc')
  expect(await run(process.execPath, [checker, ...strict, ...types, source], '', {}, directory)).toMatchObject({
    code: 0,
    stdout: '',
  })
  await build({ entryPoints: [source], outfile: target, platform: 'node', format: 'esm', packages: 'external' })
  const env = { AIONVISION_API_KEY: key, AIONVISION_BASE_URL: server.url }
  const { code, stdout, stderr } = await run(process.execPath, [target], '', env, directory)
  expect(`${code} ${stderr}`).toBe('0 ')
  expect(stdout).toBe(`${shown.join('')}STORAGE_NOT_CONFIGURED\n`)
  await rm(directory, { recursive: true })
})

test('docs/guide/own-bucket.md: the example of a key is refused, and the answer says so', async () => {
  const page = 'docs/guide/own-bucket.md'
  expect(Object.keys(JSON.parse(snippet(page, 'json')))).toEqual(['Version', 'Statement'])
  const { stdout } = await bash(snippet(page, 'bash'), { AION: server.url, SESSION: owner.session })
  expect(JSON.parse(stdout).error.code).toBe('BUCKET_NOT_ACCESSIBLE')
})

test('docs/guide/errors.md shows the envelope that is sent', async () => {
  const shown = JSON.parse(snippet('docs/guide/errors.md', 'json'))
  const body = { filename: 'a.png', content_type: 'image/png', size_bytes: 10 ** 9 }
  const sent = await call(server.url, 'POST', '/api/v2/uploads/request-presigned-url', { token: key, body })
  expect(sent.at('error.code')).toBe(shown.error.code)
  expect([Object.keys(JSON.parse(sent.raw)), Object.keys(sent.at('error') as object)]).toEqual([
    Object.keys(shown),
    Object.keys(shown.error),
  ])
})

test('docs/guide/leaked-keys.md: the pattern is that of our keys, and the answer to GitHub has the shape of the contract', () => {
  const page = 'docs/guide/leaked-keys.md'
  expect(key).toMatch(new RegExp(`^${snippet(page, 'text').trim()}$`))
  const { paths } = JSON.parse(read('contract/openapi.json'))
  const answer = paths['/api/v2/webhooks/secret-scanning'].post.responses[200].content['application/json'].schema
  const [shown] = JSON.parse(snippet(page, 'json'))
  expect(Object.keys(shown).sort()).toEqual(Object.keys(answer.items.properties).sort())
})

const metricsToken = 'm9Yq2uW1zS6oC4lJ8xI3gM0eE5tH7bQd'

/** `npm start` as a page shows it, with values for its placeholders, until it listens. */
async function start(command: string): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'secret'), 'q8Zr1vX0yT5nB3mK7wJ2hL9dF4sG6aPcUe')
  const script = command
    .replaceAll('/etc/aionvision/secret', join(directory, 'secret'))
    .replaceAll('/var/lib/aionvision', directory)
    .replaceAll('…', 'shown')
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    PORT: '0',
    AION_DATA_DIR: directory,
    AION_METRICS_TOKEN: metricsToken,
    ...(await backendsOf(directory)),
  }
  const child: ChildProcess = spawn('bash', ['-euc', script.replace(/npm start/, 'exec npm start')], { cwd: repository, env })
  let out = ''
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(out) ?? []
      if (url) resolve(url)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.once('close', (code) => reject(new Error(`${command} ended with ${code}: ${out}`)))
  })
  const stop = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'close')
    await discardBackends(directory)
    await rm(directory, { recursive: true, force: true })
  }
  return { url: await listening, stop }
}

test('docs/guide/sign-in-with-google.md: a server started as shown offers both ways to sign in', async () => {
  const page = 'docs/guide/sign-in-with-google.md'
  const both = [snippet(page, 'sh', 0).replace('npm start\n', ''), snippet(page, 'sh', 1)].join('')
  const { url, stop } = await start(both)
  const { raw } = await succeed(call(url, 'GET', '/api/v2/auth/session/providers'))
  await stop()
  expect((JSON.parse(raw) as { name: string }[]).map(({ name }) => name).sort()).toEqual(['acme', 'google'])
})

test('docs/guide/self-hosting.md: production starts as shown, the policies are JSON, the operator’s commands work', async () => {
  const page = 'docs/guide/self-hosting.md'
  const { url, stop } = await start(snippet(page, 'sh', 0))
  expect((await call(url, 'GET', '/readyz')).status).toBe(200)
  expect((await call(url, 'GET', '/dev/mailbox')).status).toBe(404)
  const metrics = snippet(page, 'sh', 1).replace('https://api.example.com', url)
  expect((await bash(metrics, { AION_METRICS_TOKEN: metricsToken })).stdout).toContain('# TYPE aion_')
  await stop()
  for (const place of [0, 1]) expect(typeof JSON.parse(snippet(page, 'json', place))).toBe('object')
  // What arrives at a collector: acceptance/traces.test.ts.
  const traced = await start(snippet(page, 'sh', 2))
  expect((await call(traced.url, 'GET', '/readyz')).status).toBe(200)
  await traced.stop()

  const member = await register(server.url)
  const tenants = await succeed(call(server.url, 'GET', '/api/v2/user/tenants', { token: owner.session }))
  const tenant = (tenants.at('tenants') as { id: string }[])[0]?.id ?? ''
  // The last three are in acceptance/backup.test.ts.
  const lines = snippet(page, 'sh', 3)
    .replaceAll(/^npx aion-admin (backup <file>|restore <file>|move database <url>)\n?/gm, '')
    .replaceAll('<owner e-mail | tenant id>', owner.email)
    .replaceAll('<e-mail>', member.email)
    .replaceAll('<tenant id>', tenant)
    .replaceAll('[tenant id]', tenant)
    .replaceAll('<plan>', 'professional')
    .replaceAll('<role>', 'editor')
  const env = { HOME: process.env.HOME ?? '/', AION_DATA_DIR: server.dataDir, ...(await backendsOf(server.dataDir)) }
  const { code, stderr, stdout } = await bash(lines, env, repository)
  expect(`${code} ${stderr}`, stdout).toBe('0 ')
  const members = await succeed(call(server.url, 'GET', '/api/v2/tenant/members', { token: owner.session }))
  expect(members.raw).toContain(member.email)
  expect((await call(server.url, 'GET', '/api/v2/user-files', { token: key })).headers.get('x-ratelimit-limit')).toBe('100')
})
