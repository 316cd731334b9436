// What a service acknowledges under load it owes from then on, whatever dies: noted here, and looked for afterwards.
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, createKey, download, Refused, register, signIn, storeDocument, succeed } from './client.ts'

export class Acknowledged {
  readonly people: { email: string; password: string }[] = []
  /** Secrets by id. */
  readonly keys = new Map<string, string>()
  readonly revoked = new Map<string, string>()
  /** Hashes of their bytes by id. */
  readonly files = new Map<string, string>()

  add({ people, keys, revoked, files }: Acknowledged): void {
    this.people.push(...people)
    for (const [id, secret] of keys) this.keys.set(id, secret)
    for (const [id, secret] of revoked) this.revoked.set(id, secret)
    for (const [id, hash] of files) this.files.set(id, hash)
  }

  /** The least of every kind. */
  get least(): number {
    return Math.min(this.people.length, this.keys.size, this.revoked.size, this.files.size)
  }

  toString(): string {
    const { people, keys, revoked, files } = this
    return `${people.length} accounts, ${keys.size + revoked.size} keys, ${revoked.size} revoked, ${files.size} files`
  }
}

export interface Service {
  /** Its servers, each as good as the other: every request picks one, as a balancer would. */
  readonly urls: readonly string[]
  /** A session that may make and revoke keys, and a key that may upload. */
  readonly owner: string
  readonly key: string
}

export const anyOf = (urls: readonly string[]): string => urls[Math.floor(Math.random() * urls.length)] ?? ''

const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** What a part that died explains: no connection, or 503 with the time to wait. Any other refusal is a finding. */
export function isOutage(error: unknown): boolean {
  if (error instanceof Refused) return error.answer.status === 503 && Number(error.answer.headers.get('retry-after')) > 0
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message)
}

/** Does it again and again, through every outage, until it is over. Answers the longest that one time took, in ms. */
export async function repeat(over: AbortSignal, step: () => Promise<unknown>): Promise<number> {
  let longest = 0
  while (!over.aborted) {
    const begun = performance.now()
    const failed = await step().then(
      () => false,
      (error) => {
        if (!isOutage(error)) throw error
        return true
      },
    )
    longest = Math.max(longest, performance.now() - begun)
    if (failed) await sleep(20)
  }
  return longest
}

const revokeOnce = ({ urls, owner }: Service, id: string) =>
  succeed(call(anyOf(urls), 'DELETE', `/api/v2/api-keys/${id}`, { token: owner }))

/** Works until it is over, and notes only what was answered with success. Answers the longest that a piece of work took, in ms. */
export async function load(
  service: Service,
  done: Acknowledged,
  over: AbortSignal,
  revoke: (service: Service, id: string, secret: string) => Promise<unknown> = revokeOnce,
): Promise<number> {
  const { urls, owner, key } = service
  const signUps = () => repeat(over, async () => void done.people.push(await register(anyOf(urls))))
  const creations = () =>
    repeat(over, async () => {
      const created = await createKey(anyOf(urls), owner)
      done.keys.set(created.id, created.key)
    })
  const revocations = () =>
    repeat(over, async () => {
      const [next] = done.keys
      if (!next) return void (await sleep(5))
      const [id, secret] = next
      // From here on it may be dead or alive, until the answer says that it is dead.
      done.keys.delete(id)
      await revoke(service, id, secret)
      done.revoked.set(id, secret)
    })
  const uploads = () =>
    repeat(over, async () => {
      const content = Buffer.from(randomBytes(600 + Math.floor(Math.random() * 30_000)).toString('base64'))
      const { id } = await storeDocument(anyOf(urls), key, content)
      done.files.set(id, hash(content))
    })
  const lanes = [signUps, signUps, creations, creations, revocations, uploads, uploads, uploads]
  return Math.max(...(await Promise.all(lanes.map((lane) => lane()))))
}

/** Every other round at any time at all, the others once work of every kind has been acknowledged. */
export async function momentIn(round: number, done: Acknowledged): Promise<void> {
  if (round % 2 === 0) for (let waited = 0; done.least === 0 && waited < 10_000; waited += 20) await sleep(20)
  await sleep(Math.random() * 1_500)
}

/** Everything owed that is not there, in words. Rows whose bytes were found `whole` before are not read again. */
export async function losses({ urls, key }: Service, owed: Acknowledged, whole = new Set<string>()): Promise<string[]> {
  const lost: string[] = []
  const use = async (url: string, token: string) => (await call(url, 'GET', '/api/v2/user-files?limit=1', { token })).status
  await inParallel(owed.people, async ({ email, password }) => {
    await signIn(anyOf(urls), email, password).catch((error: Error) => lost.push(`account ${email}: ${error.message}`))
  })
  await inParallel(owed.keys, async ([id, secret]) => {
    const status = await use(anyOf(urls), secret)
    if (status !== 200) lost.push(`key ${id} answers ${status}`)
  })
  await inParallel(owed.revoked, async ([id, secret]) => {
    for (const url of urls) {
      const status = await use(url, secret)
      if (status !== 401) lost.push(`revoked key ${id} answers ${status} at ${url}`)
    }
  })
  const listed = await filesListed(anyOf(urls), key)
  for (const id of owed.files.keys()) if (!listed.has(id)) lost.push(`file ${id} is not listed`)
  // Every row, acknowledged or not, must have its object.
  await inParallel(
    [...listed].filter((id) => !whole.has(id)),
    async (id) => {
      const content = await download(anyOf(urls), key, id).catch((error: Error) => void lost.push(`file ${id}: ${error.message}`))
      if (content && owed.files.has(id) && hash(content) !== owed.files.get(id)) lost.push(`file ${id} has other bytes`)
      whole.add(id)
    },
  )
  return lost
}

async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item)
    }),
  )
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
