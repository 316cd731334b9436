// aion doctor: looks at everything a call depends on, one after the other, and says which of it is wrong.
import type { Command, Context } from '../command.ts'
import type { Credential } from '../credentials.ts'
import { exitCodes, Failure } from '../exit-codes.ts'
import { faultInKey } from '../key-form.ts'
import { isOpenToOthers } from '../private-file.ts'
import { innermost, type PublicAnswer, publicCall, reasonOf } from '../public-call.ts'
import { isLoopback } from '../settings.ts'
import { text } from '../text.ts'
import { readableSeconds } from '../units.ts'

interface Check {
  readonly name: 'address' | 'proxy' | 'server' | 'clock' | 'credential' | 'files'
  readonly result: 'ok' | 'warning' | 'wrong' | 'skipped'
  readonly message: string
}

/** Signed URLs live for ten minutes and signatures of events for five: a minute off does no harm yet. */
const skewMsMax = 60_000

export const doctor: Command = {
  name: 'doctor',
  summary: 'find out why calls fail: address, proxy, server, clock, credential',
  example: 'aion doctor',
  async run(context) {
    const checks = await examine(context)
    const { output } = context
    if (output.json) output.list(checks, [], '')
    else
      for (const { name, result, message } of checks) {
        const style = { ok: 'green', warning: 'yellow', wrong: 'red', skipped: 'dim' } as const
        output.print(text`${output.styled(style[result], result.padEnd(7))}  ${name.padEnd(10)}  ${message}`)
      }
    return checks.some(({ result }) => result === 'wrong') ? exitCodes.failed : exitCodes.ok
  },
}

async function examine(context: Context): Promise<Check[]> {
  const address = checkAddress(context)
  if (address.result === 'wrong') return [address]
  const { baseUrl } = context.settings
  const proxy = checkProxy(context)
  const files = checkFiles(context)
  const asked = context.now()
  const answer = await publicCall(baseUrl, 'GET', '/api/v2/plans').catch((error: Error) => error)
  const server = checkServer(baseUrl, answer, proxy)
  if (answer instanceof Error) return [address, proxy, server, files]
  const clock = checkClock(answer, asked, context.now())
  if (server.result === 'wrong') return [address, proxy, server, clock, files]
  return [address, proxy, server, clock, await checkCredential(context), files]
}

function checkAddress({ settings }: Context): Check {
  try {
    const { baseUrl } = settings
    return { name: 'address', result: 'ok', message: `${baseUrl} (from: ${settings.lookUp('base_url').from})` }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { name: 'address', result: 'wrong', message: error.message }
  }
}

function checkProxy({ env, settings }: Context): Check {
  const check = (result: Check['result'], message: string): Check => ({ name: 'proxy', result, message })
  const { hostname, protocol } = new URL(settings.baseUrl)
  const names = [`${protocol.slice(0, -1)}_proxy`, 'all_proxy']
  const set = names.flatMap((name) => [name, name.toUpperCase()]).find((name) => env[name])
  if (!set) return check('ok', 'none is set')
  if (env.NODE_USE_ENV_PROXY === '1' && Number(process.versions.node.split('.')[0]) >= 24)
    return check('ok', `${set} is set and used`)
  if (isLoopback(hostname)) return check('ok', `${set} is set, and not needed for this machine`)
  return check('warning', `${set} is set but not used: with Node 24 set NODE_USE_ENV_PROXY=1 as well, or unset it`)
}

function checkServer(baseUrl: string, answer: PublicAnswer | Error, proxy: Check): Check {
  const check = (result: Check['result'], message: string): Check => ({ name: 'server', result, message })
  if (answer instanceof Error) {
    const through = proxy.result === 'warning' ? ' Perhaps only the proxy reaches it.' : ''
    return check('wrong', `${explained(answer, baseUrl)}${through}`)
  }
  if (Array.isArray((answer.body as { plans?: unknown } | undefined)?.plans))
    return check('ok', 'it answers, and is an Aionvision server')
  if (answer.status === 503)
    return check('wrong', 'it answers 503: it is starting, stopping or without its database. Try again soon.')
  if (answer.status >= 300 && answer.status < 400) {
    const to = answer.headers.get('location') ?? 'elsewhere'
    return check('wrong', `wrong address: it redirects to ${to}. Use the address where the server itself answers.`)
  }
  const type = answer.headers.get('content-type')?.split(';')[0] ?? 'no type'
  return check('wrong', `wrong address: something answers there (${answer.status}, ${type}), but it is not an Aionvision server`)
}

function explained(error: Error, baseUrl: string): string {
  const { host, hostname } = new URL(baseUrl)
  const { code, name, message } = innermost(error)
  const reason = `${code ?? name} ${message}`
  if (/ENOTFOUND|EAI_AGAIN/.test(reason)) return `wrong address, or no network: the name ${hostname} is not known`
  if (/ECONNREFUSED/.test(reason)) return `nothing listens at ${host}: a wrong port, or the server is not running`
  if (/CERT|TLS|SSL|EPROTO|self.signed|certificate|wrong version/i.test(reason))
    return `no encrypted connection: ${reasonOf(error)}. A certificate of your own is named by NODE_EXTRA_CA_CERTS.`
  if (/Timeout|ETIMEDOUT|aborted/i.test(reason))
    return `${host} does not answer within 30 seconds: a firewall, or a wrong address`
  return reasonOf(error)
}

function checkClock({ headers }: PublicAnswer, asked: number, answered: number): Check {
  const check = (result: Check['result'], message: string): Check => ({ name: 'clock', result, message })
  const said = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(said)) return check('skipped', 'the server does not say its time')
  // The header has whole seconds, and was written somewhere between question and answer.
  const skew = Math.max(asked - (said + 1000), said - answered, 0)
  if (skew <= skewMsMax) return check('ok', 'agrees with the server')
  const direction = asked > said ? 'ahead of' : 'behind'
  return check(
    'wrong',
    `this machine's clock is ${readableSeconds(skew / 1000)} ${direction} the server's: set one of them right`,
  )
}

async function checkCredential({ credentials, settings, now }: Context): Promise<Check> {
  const check = (result: Check['result'], message: string): Check => ({ name: 'credential', result, message })
  const credential = credentials.either()
  if (!credential) return check('wrong', 'none: run `aion login`, or set AIONVISION_API_KEY')
  const fault = credential.kind === 'key' ? faultInKey(credential.secret) : null
  // Not a letter of it is shown: it may be another secret, put there by mistake.
  if (fault) return check('wrong', `wrong key: ${sourceOf(credential)} holds no whole key: ${fault}`)
  const whose = credential.kind === 'key' ? `the key ${credential.secret.slice(0, 14)}…` : 'the session'
  const from = `${whose} from ${sourceOf(credential)}`
  if (credential.kind === 'session' && credential.stored && Date.parse(credential.stored.expires_at) <= now())
    return check('wrong', 'the session has ended: run `aion login`')
  const answer = await publicCall(settings.baseUrl, 'GET', '/api/v2/usage/breakdown', { token: credential.secret })
  const { code, message } = (answer.body as { error?: { code: string; message: string } } | undefined)?.error ?? {}
  // Refused for what it may not do, it was recognised all the same.
  if (answer.status === 200 || code === 'INSUFFICIENT_PERMISSIONS' || answer.status === 429) return check('ok', `${from} is good`)
  if (code === 'INVALID_API_KEY')
    return check('wrong', `wrong key: ${from} is well formed, but this server does not know it. Is it of another server?`)
  if (code === 'INVALID_SESSION') return check('wrong', `${from} has ended or is of another server: run \`aion login\``)
  return check('wrong', `${from}: ${message ?? `the server answered ${answer.status}`}`)
}

function sourceOf(credential: Credential): string {
  if (credential.from === 'option') return '--api-key'
  if (credential.from === 'file') return 'credentials.json'
  return credential.kind === 'key' ? 'AIONVISION_API_KEY' : 'AIONVISION_SESSION_TOKEN'
}

function checkFiles({ credentials, settings }: Context): Check {
  const check = (result: Check['result'], message: string): Check => ({ name: 'files', result, message })
  const open = [settings.directory, credentials.path].filter(isOpenToOthers)
  return open.length
    ? check('warning', `others on this machine may read ${open.join(' and ')}: chmod go= it`)
    : check('ok', `only you can read ${settings.directory}`)
}
