// aion login: a session of this command line's own, approved in a browser. RFC 8252 with a loopback address, RFC 8628 without.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser } from '../browser.ts'
import type { Command, Context } from '../command.ts'
import { exitCodes, Failure } from '../exit-codes.ts'
import { type PublicAnswer, publicCall, refusalOf } from '../public-call.ts'
import { harmless, text } from '../text.ts'
import { readableTime } from '../units.ts'

const api = '/api/v2/auth/session/cli'

interface Started {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  /** Seconds. */
  readonly expires_in: number
  readonly interval: number
}

interface Exchanged {
  readonly email: string
  readonly name: string
  readonly user_id: string
  readonly session_token: string
  readonly expires_at: string
}

interface Loopback {
  readonly redirectUri: string
  /** The code that the browser brings; fails when the person said no. */
  readonly code: Promise<string>
  /** Tells the browser how it went. */
  finish(sentence: string): Promise<void>
  close(): Promise<void>
}

export const login: Command = {
  name: 'login',
  summary: 'sign in through a browser',
  options: {
    device: { type: 'boolean', says: 'for a browser on another machine: type a code there' },
  },
  example: 'aion login',
  notes: [
    'A page asks you to approve. The session lasts twelve hours and is kept in a file that only you can read.',
    'Compare the code on the page with the one shown here: if they differ, somebody else is asking.',
  ],
  async run(context, input) {
    const loopback = input.flag('device') ? null : await listen()
    try {
      const session = await signIn(context, loopback)
      context.credentials.store({
        session_token: session.session_token,
        email: session.email,
        expires_at: session.expires_at,
      })
      const { email, name, user_id, expires_at } = session
      context.output.done(
        { email, name, user_id, expires_at, base_url: context.settings.baseUrl },
        text`Signed in as ${email} until ${readableTime(expires_at)}.`,
      )
    } finally {
      await loopback?.close()
    }
    return exitCodes.ok
  },
}

async function signIn(context: Context, loopback: Loopback | null): Promise<Exchanged> {
  const { output, settings, env, signal } = context
  const { baseUrl } = settings
  const verifier = randomBytes(32).toString('base64url')
  const body = {
    client_name: `aion on ${harmless(hostname())}`.slice(0, 100),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    ...(loopback && { redirect_uri: loopback.redirectUri }),
  }
  const started = await publicCall(baseUrl, 'POST', `${api}/start`, { body })
  if (started.status !== 200) throw refusalOf(started)
  const begun = started.body as Started
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(begun.expires_in * 1000)])
  const exchange = (code?: string) =>
    publicCall(baseUrl, 'POST', `${api}/exchange`, {
      body: { device_code: begun.device_code, code_verifier: verifier, ...(code && { code }) },
    })

  if (!loopback) {
    output.note(text`Open ${begun.verification_uri} in a browser, and type this code there:`)
    output.note(text``)
    output.note(text`  ${output.noteStyled('bold', begun.user_code)}`)
    output.note(text``)
    return poll(exchange, begun, deadline)
  }
  const opened = await openBrowser(begun.verification_uri_complete, env)
  output.note(
    opened ? text`Your browser asks you to approve. If it did not open:` : text`Open this page in a browser on this machine:`,
  )
  output.note(text``)
  output.note(text`  ${begun.verification_uri_complete}`)
  output.note(text``)
  output.note(text`It must show this code: ${output.noteStyled('bold', begun.user_code)}`)
  if (!opened) output.note(text`With a browser elsewhere: aion login --device`)
  const code = await Promise.race([loopback.code, ended(deadline)])
  const answer = await exchange(code)
  if (answer.status !== 200) {
    await loopback.finish('This did not work. The terminal says why.')
    throw refusalOf(answer)
  }
  await loopback.finish('You are signed in. Close this page and go back to the terminal.')
  return answer.body as Exchanged
}

async function poll(exchange: () => Promise<PublicAnswer>, { interval }: Started, deadline: AbortSignal): Promise<Exchanged> {
  for (;;) {
    await sleep(interval * 1000, null, { signal: deadline }).catch(() => ended(deadline))
    // A network that fails for a moment is no answer.
    const answer = await exchange().catch(() => null)
    if (answer?.status === 200) return answer.body as Exchanged
    if (answer && answer.status !== 202 && answer.status !== 429 && answer.status < 500) throw refusalOf(answer)
  }
}

function ended(deadline: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () =>
      reject(
        deadline.reason instanceof Error && deadline.reason.name === 'TimeoutError'
          ? new Failure(exitCodes.notSignedIn, 'Nobody approved in time. Begin again.')
          : new Failure(exitCodes.interrupted, 'Interrupted.'),
      )
    if (deadline.aborted) fail()
    else deadline.addEventListener('abort', fail, { once: true })
  })
}

/** Its path is random: only the browser that approved knows where to come. */
async function listen(): Promise<Loopback> {
  const path = `/${randomBytes(16).toString('base64url')}`
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  let finish: Loopback['finish'] = async () => {}
  const code = new Promise<string>((resolve, reject) => {
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const say = (status: number, sentence: string) =>
        new Promise<void>((done) => {
          const headers = {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
            'cache-control': 'no-store',
            connection: 'close',
          }
          response.writeHead(status, headers).end(page(sentence), done)
          response.once('close', done)
        })
      if (url.pathname !== path || request.method !== 'GET') return void say(404, 'There is nothing here.')
      const brought = url.searchParams.get('code')
      if (!brought) {
        void say(200, 'You said no. Nothing was signed in.')
        return reject(new Failure(exitCodes.refused, 'The sign-in was refused in the browser.'))
      }
      finish = (sentence) => say(200, sentence)
      resolve(brought)
    })
  })
  // Whoever waits for it hears of it; until then it is nobody's fault.
  code.catch(() => {})
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    code,
    finish: (sentence) => finish(sentence),
    close: () => closed(server),
  }
}

async function closed(server: Server): Promise<void> {
  server.close()
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), 500).unref()
  await once(server, 'close')
}

const page = (sentence: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>aion</title>` +
  `<body style="font:1.1rem system-ui;margin:20vh auto;max-width:30rem;text-align:center"><p>${sentence}</p></body></html>`
