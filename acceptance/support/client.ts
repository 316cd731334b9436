// What a client does, over HTTP only: calls, and the steps from sign-up to a stored file.
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly raw: string
  /** The value at a dotted path of the JSON body. */
  at(path: string): unknown
  /** The same, as text; an error with the whole answer when it is none. */
  text(path: string): string
}

export interface CallOptions {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly redirect?: 'follow' | 'manual'
}

export async function call(url: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers }
  if (options.token) headers.authorization = `Bearer ${options.token}`
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(url + path, {
    method,
    headers,
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    redirect: options.redirect ?? 'manual',
  })
  const raw = await response.text()
  return answer(response.status, response.headers, raw)
}

export function answer(status: number, headers: Headers, raw: string): Answer {
  const at = (path: string): unknown => {
    let value: unknown
    try {
      value = JSON.parse(raw)
    } catch {
      return undefined
    }
    for (const step of path.split('.')) {
      if (typeof value !== 'object' || value === null) return undefined
      value = (value as Record<string, unknown>)[step]
    }
    return value
  }
  const text = (path: string): string => {
    const value = at(path)
    if (typeof value !== 'string') throw new Error(`No ${path} in the answer ${status}: ${raw.slice(0, 500)}`)
    return value
  }
  return { status, headers, raw, at, text }
}

/** An answer other than the one that was expected. */
export class Refused extends Error {
  constructor(readonly answer: Answer) {
    super(`Expected success, got ${answer.status}: ${answer.raw.slice(0, 500)}`)
  }
}

/** Throws unless the answer is 2xx. */
export async function succeed(pending: Promise<Answer>): Promise<Answer> {
  const done = await pending
  if (done.status < 200 || done.status > 299) throw new Refused(done)
  return done
}

export interface Person {
  readonly email: string
  readonly password: string
  readonly session: string
  /** From the verification mail. */
  readonly token: string
}

export async function mailToken(
  url: string,
  email: string,
  page: 'verify-email' | 'reset-password' | 'accept-invitation' | 'confirm-email-change',
): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const mails = await succeed(call(url, 'GET', `/dev/mailbox.json?to=${encodeURIComponent(email)}`))
    const list = JSON.parse(mails.raw) as { text: string }[]
    const found = list.find((mail) => mail.text.includes(page))?.text.match(/^[\w.-]{20,}$/m)?.[0]
    if (found) return found
    await sleep(100)
  }
  throw new Error(`No mail with a link to ${page} came for ${email}`)
}

/** Whom no mail has reached within `atMostMs`, by the outboxes of all servers. */
export async function unreached(urls: readonly string[], emails: readonly string[], atMostMs: number): Promise<string[]> {
  let left = [...emails]
  for (const deadline = Date.now() + atMostMs; left.length > 0 && Date.now() < deadline; await sleep(500))
    for (const url of urls) {
      const sent = new Set<string>()
      for (const email of left) {
        const mails = await succeed(call(url, 'GET', `/dev/mailbox.json?to=${encodeURIComponent(email)}`))
        if (mails.raw !== '[]') sent.add(email)
      }
      left = left.filter((email) => !sent.has(email))
    }
  return left
}

export async function register(url: string): Promise<{ email: string; password: string }> {
  const email = `person-${randomBytes(8).toString('hex')}@example.com`
  const password = `Pw1-${randomBytes(12).toString('base64url')}`
  await succeed(call(url, 'POST', '/api/v2/auth/session/register', { body: { email, password, name: 'Ada' } }))
  return { email, password }
}

export async function signIn(url: string, email: string, password: string): Promise<string> {
  return (await succeed(call(url, 'POST', '/api/v2/auth/session/login', { body: { email, password } }))).text('session_token')
}

/** A verified owner of a workspace on `plan`. */
export async function signUp(url: string, plan: 'free' | 'starter' | 'enterprise' = 'starter'): Promise<Person> {
  const { email, password } = await register(url)
  const token = await mailToken(url, email, 'verify-email')
  await succeed(call(url, 'POST', '/api/v2/auth/session/verify-email', { body: { token } }))
  const session = await signIn(url, email, password)
  if (plan !== 'free') await changePlan(url, session, { action: 'upgrade', new_plan: plan })
  return { email, password, session, token }
}

export function changePlan(url: string, session: string, body: Record<string, string>): Promise<Answer> {
  return succeed(call(url, 'POST', '/api/v2/payment/subscription/update', { token: session, body }))
}

export async function createKey(
  url: string,
  session: string,
  body: Record<string, unknown> = {},
): Promise<{ id: string; key: string }> {
  const created = await succeed(call(url, 'POST', '/api/v2/api-keys', { token: session, body: { name: 'acceptance', ...body } }))
  return { id: created.text('id'), key: created.text('api_key') }
}

/** A text document of its own content, stored and confirmed. */
export async function storeDocument(url: string, token: string, content: Buffer): Promise<{ id: string; uploadUrl: string }> {
  const prefix = '/api/v2/document-uploads'
  const announced = { filename: 'note.txt', content_type: 'text/plain', size_bytes: content.length }
  const upload = await succeed(call(url, 'POST', `${prefix}/request-presigned-url`, { token, body: announced }))
  const put = await fetch(upload.text('upload_url'), {
    method: 'PUT',
    headers: upload.at('upload_headers') as Record<string, string>,
    body: new Uint8Array(content),
  })
  if (put.status !== 200) throw new Refused(answer(put.status, put.headers, await put.text()))
  const body = {
    object_key: upload.text('object_key'),
    size_bytes: content.length,
    content_type: 'text/plain',
    checksum: createHash('sha256').update(content).digest('hex'),
  }
  const confirmed = await succeed(call(url, 'POST', `${prefix}/confirm`, { token, body }))
  return { id: confirmed.text('document_id'), uploadUrl: upload.text('upload_url') }
}

export async function download(url: string, token: string, fileId: string): Promise<Buffer> {
  const response = await fetch(`${url}/api/v2/user-files/${fileId}/download`, { headers: { authorization: `Bearer ${token}` } })
  if (response.status !== 200) throw new Refused(answer(response.status, response.headers, await response.text()))
  return Buffer.from(await response.arrayBuffer())
}
