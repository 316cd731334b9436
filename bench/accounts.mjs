// Accounts, sessions and keys on our server, made over HTTP as any client would.
import { crc32 } from 'node:zlib'

const password = 'Sturdy-Passphrase-41'

async function call(base, method, path, { token, body, expect = 200 } = {}) {
  const answer = await fetch(base + path, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (answer.status !== expect) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
  return text ? JSON.parse(text) : null
}

export const credentialsOf = ({ email }) => ({ email, password })

export async function signUp(base, name) {
  const email = `${name}@example.com`
  const body = { email, password, name: 'Ada', auto_login: true }
  const { session_token: token } = await call(base, 'POST', '/api/v2/auth/session/register', { body })
  await call(base, 'POST', '/api/v2/auth/session/verify-email', { body: { token: await mailedToken(base, email) } })
  await call(base, 'POST', '/api/v2/payment/subscription/update', { token, body: { action: 'upgrade', new_plan: 'starter' } })
  return { email, token }
}

async function mailedToken(base, email) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await call(base, 'GET', `/dev/mailbox.json?to=${encodeURIComponent(email)}`)
    const mails = Array.isArray(answer) ? answer : answer.mails
    const token = mails?.[0]?.text.split('\n').find((line) => /^[A-Za-z0-9_-]{40,}$/.test(line.trim()))
    if (token) return token.trim()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`no mail for ${email} within ten seconds`)
}

export async function logIn(base, person) {
  const { session_token: token } = await call(base, 'POST', '/api/v2/auth/session/login', { body: credentialsOf(person) })
  return token
}

export async function createKeys(base, { token }, count, extra = {}) {
  const keys = []
  const worker = async () => {
    while (keys.length < count) {
      const index = keys.push(null) - 1
      const body = { name: `bench ${index}`, scopes: ['read', 'uploads:write'], ...extra }
      keys[index] = (await call(base, 'POST', '/api/v2/api-keys', { token, body, expect: 201 })).api_key
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return keys
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const alphabets = [alphabet, alphabet.slice(0, 10) + alphabet.slice(36) + alphabet.slice(10, 36)]

function checksum(text, digits) {
  let rest = crc32(text)
  let written = ''
  for (let place = 0; place < 6; place++) {
    written = digits[rest % 62] + written
    rest = Math.floor(rest / 62)
  }
  return written
}

const random = (length) => Array.from({ length }, () => alphabet[Math.floor(Math.random() * 62)]).join('')

/** Keys that nobody issued: with a checksum that is wrong, and with one that is right, as a real key shows how to make it. */
export function strangers(count, realKey) {
  const digits = alphabets.find((candidate) => checksum(realKey.slice(0, -6), candidate) === realKey.slice(-6))
  if (!digits) throw new Error('the checksum of a real key cannot be reproduced')
  const bodies = Array.from({ length: count }, () => `aion_live_${random(32)}`)
  return {
    misspelt: bodies.map((body) => body + checksum(`${body}!`, digits)),
    unknown: bodies.map((body) => body + checksum(body, digits)),
  }
}
