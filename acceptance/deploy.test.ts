// What deploy/ offers holds: the image's files start, nginx passes everything on, and no alert, panel or setting names what there is not.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { objects } from './support/backends.ts'
import { call, createKey, signUp } from './support/client.ts'
import { databaseUrlOf } from './support/database.ts'
import { read, snippetsOf } from './support/documents.ts'
import { hasNginx, type OwnNginx, prepareNginx } from './support/nginx.ts'
import { relaxed, repository, type Server, startServer, temporaryDirectory } from './support/server.ts'

const metricsToken = 'only-for-the-tests-of-deploy-only'
const withNginx = hasNginx()
if (!withNginx) console.log('There is no nginx here (Debian: nginx-light): what deploy/nginx says is not tried out.')

let directory: string
let first: Server
let image: { readonly url: string; readonly app: string; readonly env: Record<string, string>; stop(): Promise<number | null> }
let nginx: OwnNginx | null = null
beforeAll(async () => {
  directory = await temporaryDirectory()
  const balancer = withNginx ? await prepareNginx(join(directory, 'nginx')) : null
  const env = {
    ...relaxed,
    ...(balancer && { AION_PUBLIC_URL: balancer.url }),
    AION_SECRET: 'one secret for all of the servers, 32 bytes at least',
    AION_TRUSTED_PROXIES: '127.0.0.1',
    AION_LIMIT_UNAUTHENTICATED: '3/60',
    AION_METRICS_TOKEN: metricsToken,
  }
  first = await startServer(env)
  image = await startImage({ ...env, DATABASE_URL: databaseUrlOf(first) })
  nginx = (await balancer?.begin([first.url, image.url])) ?? null
})
afterAll(async () => {
  await nginx?.stop()
  await image?.stop()
  await first?.discard()
  rmSync(directory, { recursive: true, force: true })
})

const dockerfile = read('deploy/Dockerfile')

/** The last stage's steps, without an engine; its node_modules are the repository's, whose versions the same lock file gives. */
async function startImage(env: Record<string, string>) {
  const app = join(directory, 'app')
  const data = join(directory, 'data')
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  for (const [, sources = '', target = ''] of last.matchAll(/^COPY (?:--from=\w+ )?(.+) (\S+)$/gm))
    for (const source of sources.split(' ')) {
      const from = join(repository, source.replace(/^\/src\//, ''))
      const to = join(app, target, target.endsWith('/') ? basename(source) : '')
      mkdirSync(join(to, '..'), { recursive: true })
      if (source.endsWith('node_modules')) symlinkSync(from, to)
      else cpSync(from, to, { recursive: true })
    }
  mkdirSync(data)
  // Both servers find the bytes of files, and the mailbox shows what either sent.
  symlinkSync(join(first.dataDir, 'outbox'), join(data, 'outbox'))
  if (!objects.S3_BUCKET) mkdirSync(join(first.dataDir, 'objects'), { recursive: true, mode: 0o700 })
  if (!objects.S3_BUCKET) symlinkSync(join(first.dataDir, 'objects'), join(data, 'objects'))
  const all = { PATH: process.env.PATH ?? '', ...objects, ...env, AION_DATA_DIR: data, PORT: '0' }
  const child = spawn(process.execPath, JSON.parse(/^CMD (.+)$/m.exec(last)?.[1] ?? '[]').slice(1), {
    cwd: app,
    env: all,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let said = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += text
    if (said.includes('Next:')) break
  }
  const url = /listens on (\S+)/.exec(said)?.[1] ?? ''
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await ended
    return child.exitCode
  }
  return { url, app, env: all, stop }
}

/** The test made nginx's certificate itself: `-k`. */
async function curl(...args: string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await promisify(execFile)('curl', ['-sk', '-w', '\n%{http_code}', ...args])
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) }
}

test('the files that the image holds start and answer, and nothing is written among them', async () => {
  const before = listing(image.app)
  expect((await call(image.url, 'GET', '/readyz')).status).toBe(200)
  expect((await fetch(image.url)).status).toBe(200)
  expect(before).toContain('server/dist/main.js')
  expect(listing(image.app)).toEqual(before)
})

const listing = (app: string) =>
  readdirSync(app, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(app, file)).isFile())
    .sort()

test('the Dockerfile: several stages, not as root, a health check, the exec form, and nothing copied that is not there', () => {
  expect(dockerfile.match(/^FROM \S+:\S+/gm)?.length).toBe(3)
  expect(dockerfile).not.toMatch(/^FROM \S+:latest|^ADD |sudo|curl .*\|/m)
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  expect(last).toMatch(/^USER 1000:1000$/m)
  expect(last).toMatch(/^HEALTHCHECK .*\\\n {2}CMD \["node", /m)
  expect(last).toMatch(/^CMD \["node", /m)
  // A secret given at build time stays in a layer.
  expect(dockerfile).not.toMatch(/^(ARG|ENV) .*(SECRET|PASSWORD|TOKEN)/m)
  const ignored = read('deploy/Dockerfile.dockerignore')
  for (const name of ['**/node_modules', '.git', '**/.env', 'data']) expect(ignored.split('\n')).toContain(name)
})

test('the health check of the image says whether the server answers', async () => {
  const [, , script = ''] = JSON.parse(/^ {2}CMD (.+)$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
  const run = (port: string) => promisify(execFile)(process.execPath, ['-e', script], { env: { PORT: port } })
  await run(new URL(image.url).port)
  await expect(run('1')).rejects.toThrow()
})

test('every metric that an alert or a panel names is there', async () => {
  const person = await signUp(first.url)
  const { key } = await createKey(first.url, person.session)
  await call(first.url, 'GET', '/api/v2/user-files', { token: key })
  const { raw } = await call(first.url, 'GET', '/metrics', { token: metricsToken })
  const there = new Set([...raw.matchAll(/^(\w+)/gm)].map((match) => match[1]))
  if (!process.env.AION_TEST_REDIS_URL) expect(raw).not.toContain('dependency="redis"')
  const alerts = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
  const dashboard = JSON.parse(read('deploy/grafana/aionvision.json')) as { panels: { targets: { expr: string }[] }[] }
  const expressions = [
    ...alerts.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ]
  const named = new Set(expressions.flatMap((expr) => expr.match(/\b(aion|process|nodejs)_\w+/g) ?? []))
  expect(named.size).toBeGreaterThan(15)
  expect([...named].filter((name) => !there.has(name))).toEqual([])
})

test('compose, chart and unit set only variables that are read, and the chart uses only values that it has', () => {
  const config = read('server/src/config.ts')
  const isRead = (name: string) => name === 'NODE_ENV' || config.includes(`'${name}'`)
  const compose = parse(read('deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, string>; volumes?: string[]; read_only?: boolean }>
  }
  const { 'server-1': one, 'server-2': two } = compose.services
  expect(Object.keys(one?.environment ?? {}).filter((name) => !isRead(name))).toEqual([])
  expect([one?.read_only, two?.read_only, two?.environment]).toEqual([true, true, one?.environment])
  for (const { volumes = [] } of Object.values(compose.services))
    for (const [path = ''] of volumes.map((volume) => volume.split(':')))
      if (path.startsWith('.')) expect([path, existsSync(join(repository, 'deploy', path))]).toEqual([path, true])

  const chart = join(repository, 'deploy/helm/aionvision')
  const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Record<string, unknown>
  const has = (path: string) =>
    path.split('.').reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], values) !== undefined
  const templates = readdirSync(join(chart, 'templates')).map((file) => readFileSync(join(chart, 'templates', file), 'utf8'))
  for (const template of templates) {
    const opened = template.match(/\{\{-? (if|with|range|define) /g)?.length ?? 0
    expect(template.match(/\{\{-? end/g)?.length ?? 0).toBe(opened)
    expect([...template.matchAll(/\.Values\.([\w.]+)/g)].map((match) => match[1] ?? '').filter((path) => !has(path))).toEqual([])
  }
  const all = templates.join('\n')
  expect(
    [...all.matchAll(/- name: ([A-Z][A-Z0-9_]+)$/gm)].map((match) => match[1] ?? '').filter((name) => !isRead(name)),
  ).toEqual([])
  expect(all).toContain('readOnlyRootFilesystem: true')
  // By reference: no template makes a Secret.
  expect(all).not.toMatch(/kind: Secret$/m)
  expect(
    read('deploy/systemd/aionvision.service')
      .match(/[A-Z]+_[A-Z_]+(?==)/g)
      ?.filter((name) => !isRead(name)),
  ).toEqual([])
})

test('deploying.md: files, values and the job are those that there are, and the operator’s command works among the image’s files', async () => {
  const snippets = (language: string) =>
    snippetsOf('docs/guide/deploying.md')
      .filter((snippet) => snippet.language === language)
      .map(({ text }) => text)
      .join('\n')
  const commands = snippets('sh')
  for (const path of commands.match(/\bdeploy\/[\w./-]+/g) ?? [])
    expect([path, existsSync(join(repository, path))]).toEqual([path, true])
  const values = read('deploy/helm/aionvision/values.yaml')
  for (const [, name = ''] of commands.matchAll(/--set (\w+)/g)) expect(values).toMatch(new RegExp(`^${name}:`, 'm'))
  const person = await signUp(first.url)
  const [, told = ''] = /docker exec CONTAINER node (.+)/.exec(commands) ?? []
  const args = told.replace('ada@example.com', person.email).split(' ')
  await promisify(execFile)(process.execPath, args, { cwd: image.app, env: image.env })
  const plan = await call(first.url, 'GET', '/api/v2/payment/subscription/status', { token: person.session })
  expect(plan.raw.toLowerCase()).toContain('enterprise')
  const scraped = parse(snippets('yaml')) as { scrape_configs: { job_name: string }[] }
  expect(read('deploy/prometheus/alerts.yaml')).toContain(`job="${scraped.scrape_configs[0]?.job_name}"`)
})

test.skipIf(!withNginx)('nginx in front of two servers: an upload and its download pass through, metrics do not', async () => {
  const { url, plainUrl } = nginx as OwnNginx
  const person = await signUp(first.url)
  const { key } = await createKey(first.url, person.session, { scopes: ['read', 'write'] })
  const bearer = ['-H', `Authorization: Bearer ${key}`]
  const post = (path: string, body: object) =>
    curl(`${url}${path}`, ...bearer, '-H', 'Content-Type: application/json', '-d', JSON.stringify(body))
  const bytes = randomBytes(3_000_000).toString('base64')
  const file = join(directory, 'note.txt')
  execFileSync('sh', ['-c', 'cat > "$0"', file], { input: bytes })
  const announced = { filename: 'note.txt', content_type: 'text/plain', size_bytes: bytes.length }
  const upload = JSON.parse((await post('/api/v2/document-uploads/request-presigned-url', announced)).body)
  if (!objects.S3_BUCKET) expect(upload.upload_url).toMatch(new RegExp(`^${url}/objects/`))
  const put = await curl('-X', 'PUT', upload.upload_url, '-H', 'Content-Type: text/plain', '--data-binary', `@${file}`)
  expect(put.status, put.body).toBe(200)
  const { object_key } = upload
  const confirmed = await post('/api/v2/document-uploads/confirm', { object_key, ...announced })
  expect(confirmed.status, confirmed.body).toBe(201)
  const { document_id } = JSON.parse(confirmed.body)
  const copy = join(directory, 'copy.txt')
  const download = `${url}/api/v2/documents/${document_id}/download`
  expect((await curl('-L', download, ...bearer, '-o', copy)).status).toBe(200)
  expect(readFileSync(copy, 'utf8') === bytes).toBe(true)
  expect((await curl(`${url}/metrics`, '-H', `Authorization: Bearer ${metricsToken}`)).status).toBe(404)
  expect((await curl(`${plainUrl}/pricing`)).status).toBe(308)
})

test.skipIf(!withNginx)('the client behind nginx is the one that is limited, whatever it says of itself', async () => {
  const { url } = nginx as OwnNginx
  const ask = async (from: string, pretended: string) =>
    (await curl('--interface', from, `${url}/api/v2/user-files`, '-H', `X-Forwarded-For: ${pretended}`)).status
  const statuses: number[] = []
  // Each server admits three, unless they count together.
  for (let count = 0; count < 7; count++) statuses.push(await ask('127.0.0.2', `198.51.100.${count}`))
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 429])
  expect(await ask('127.0.0.3', '127.0.0.2')).toBe(401)
})

test.skipIf(!withNginx)('a server that stops takes no request with it', async () => {
  const { url } = nginx as OwnNginx
  let asking = true
  const statuses: number[] = []
  const asked = (async () => {
    while (asking) statuses.push((await curl(`${url}/api/v2/plans`)).status)
  })()
  expect(await image.stop()).toBe(0)
  asking = false
  await asked
  for (let count = 0; count < 5; count++) statuses.push((await curl(`${url}/healthz`)).status)
  expect(new Set(statuses.map((status) => Math.trunc(status / 100)))).not.toContain(5)
  expect(statuses).not.toContain(0)
})
