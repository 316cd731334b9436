// 20 × kill -9 at a random moment under load: what was acknowledged is there, what was revoked is dead, what is listed can be read.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, createKey, download, register, signIn, signUp, storeDocument, succeed } from '../support/client.ts'
import { relaxed, type Server, startServer, temporaryDirectory } from '../support/server.ts'

/** Fewer where time is short, as in CI. */
const rounds = Number(process.env.CRASH_ROUNDS ?? 20)
const many = 1_000_000
const plans = { enterprise: { requestsPerMinute: many, activeKeys: many, concurrentUploads: 1_000 } }
const env = {
  ...relaxed,
  AION_LIMIT_UNAUTHENTICATED: 'off',
  AION_TENANT_CEILING_FACTOR: '0',
  AION_PLAN_OVERRIDES: JSON.stringify(plans),
}

let dataDir: string
let server: Server | undefined
beforeAll(async () => {
  dataDir = await temporaryDirectory()
})
afterAll(async () => {
  await server?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** What a server has acknowledged: it owes all of this after any crash. */
class Acknowledged {
  readonly people: { email: string; password: string }[] = []
  readonly keys = new Map<string, string>()
  readonly revoked = new Map<string, string>()
  readonly files = new Map<string, string>()
}

const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** Works until the server is gone; only what was answered with success is noted. */
async function load(url: string, owner: string, key: string, done: Acknowledged): Promise<void> {
  let gone = false
  const untilGone = async (step: () => Promise<void>) => {
    try {
      while (!gone) await step()
    } catch (error) {
      gone = true
      // A refusal is a finding, a broken connection is the crash.
      if (error instanceof Error && /answered|Expected success|No \w+ in the answer/.test(error.message)) throw error
    }
  }
  const signUps = () => untilGone(async () => void done.people.push(await register(url)))
  const creations = () =>
    untilGone(async () => {
      const created = await createKey(url, owner)
      done.keys.set(created.id, created.key)
    })
  const revocations = () =>
    untilGone(async () => {
      const [next] = done.keys
      if (!next) return void (await sleep(5))
      const [id, secret] = next
      // From here on it may be dead or alive, until the answer says that it is dead.
      done.keys.delete(id)
      await succeed(call(url, 'DELETE', `/api/v2/api-keys/${id}`, { token: owner }))
      done.revoked.set(id, secret)
    })
  const uploads = () =>
    untilGone(async () => {
      const content = Buffer.from(randomBytes(600 + Math.floor(Math.random() * 30_000)).toString('base64'))
      const { id } = await storeDocument(url, key, content)
      done.files.set(id, hash(content))
    })
  await Promise.all([signUps(), signUps(), creations(), creations(), revocations(), uploads(), uploads(), uploads()])
}

/** Every other round at any time at all, the others once work of every kind has been acknowledged. */
async function moment(round: number, done: Acknowledged): Promise<void> {
  const idle = () => !(done.people.length && done.keys.size && done.revoked.size && done.files.size)
  if (round % 2 === 0) for (let waited = 0; idle() && waited < 10_000; waited += 20) await sleep(20)
  await sleep(Math.random() * 1_500)
}

async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item)
    }),
  )
}

/** Everything owed that is not there, in words. */
async function losses(url: string, key: string, owed: Acknowledged): Promise<string[]> {
  const lost: string[] = []
  const use = (token: string) => call(url, 'GET', '/api/v2/user-files?limit=1', { token })
  await inParallel(owed.people, async ({ email, password }) => {
    await signIn(url, email, password).catch((error: Error) => lost.push(`account ${email}: ${error.message}`))
  })
  await inParallel(owed.keys, async ([id, secret]) => {
    const { status } = await use(secret)
    if (status !== 200) lost.push(`key ${id} answers ${status}`)
  })
  await inParallel(owed.revoked, async ([id, secret]) => {
    const { status } = await use(secret)
    if (status !== 401) lost.push(`revoked key ${id} answers ${status}`)
  })
  const listed = await filesListed(url, key)
  for (const id of owed.files.keys()) if (!listed.has(id)) lost.push(`file ${id} is not listed`)
  // Every row, acknowledged or not, must have its object.
  await inParallel(listed, async (id) => {
    const content = await download(url, key, id).catch((error: Error) => void lost.push(`file ${id}: ${error.message}`))
    if (content && owed.files.has(id) && hash(content) !== owed.files.get(id)) lost.push(`file ${id} has other bytes`)
  })
  return lost
}

async function filesListed(url: string, key: string): Promise<Set<string>> {
  const ids = new Set<string>()
  for (let offset = 0; ; offset += 100) {
    const page = await succeed(call(url, 'GET', `/api/v2/user-files?limit=100&offset=${offset}`, { token: key }))
    const files = page.at('files') as { id: string }[]
    for (const file of files) ids.add(file.id)
    if (files.length < 100) return ids
  }
}

test(`${rounds} of ${rounds} crashes lose nothing`, async () => {
  const all = new Acknowledged()
  server = await startServer(env, dataDir)
  const owner = await signUp(server.url, 'enterprise')
  const { key } = await createKey(server.url, owner.session)
  const broken: string[] = []
  for (let round = 1; round <= rounds; round++) {
    const done = new Acknowledged()
    const { child, url } = server
    const loaded = load(url, owner.session, key, done)
    await Promise.race([loaded, moment(round, done)])
    child.kill('SIGKILL')
    await once(child, 'close')
    await loaded
    server = await startServer(env, dataDir)
    const lost = await losses(server.url, key, done)
    if (lost.length) broken.push(`round ${round}: ${lost.slice(0, 5).join(', ')}`)
    console.log(
      `round ${round}: ${done.people.length} accounts, ${done.keys.size + done.revoked.size} keys, ${done.revoked.size} revoked, ${done.files.size} files, ${lost.length} lost`,
    )
    all.people.push(...done.people)
    for (const part of ['keys', 'revoked', 'files'] as const) for (const [id, value] of done[part]) all[part].set(id, value)
  }
  expect(broken).toEqual([])
  expect(await losses(server.url, key, all)).toEqual([])
  for (const count of [all.people.length, all.keys.size, all.revoked.size, all.files.size]) expect(count).toBeGreaterThan(rounds)
}, 600_000)
