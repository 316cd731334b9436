// A PostgreSQL's address in libpq's words, TLS included, as node-postgres takes it: its own reading of sslmode is another one.
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type pg from 'pg'

export interface DatabaseAddress {
  readonly connection: pg.ClientConfig
  /** Without TLS where the server offers none: sslmode=prefer. */
  readonly orPlain: boolean
}

const modes = ['disable', 'allow', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full']
const meant = ['host', 'port', 'user', 'password', 'dbname', 'options']
const tls = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'channel_binding', 'uselibpqcompat']
/** Of libpq's, what is decided here or changes nothing: we name our connections and bound every wait ourselves. */
const idle = ['application_name', 'connect_timeout', 'target_session_attrs', 'gssencmode', 'client_encoding']
const parameters = [...meant, ...tls, ...idle]

/** Or, as a string, what is wrong with it: the rest of a sentence that begins with its name. */
export function parseDatabaseUrl(text: string): DatabaseAddress | string {
  const [, beforeQuery = ''] = /^postgres(?:ql)?:\/\/([^?#]*)/.exec(text) ?? []
  if (beforeQuery.replace(/.*@/, '').includes(',')) return 'names several hosts: name one, or a balancer before them'
  // libpq allows a user without a host, for a host among the parameters; URL does not.
  const complete = URL.canParse(text) ? text : text.replace('@/', '@-/')
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(complete))
    return 'must be a URL starting with postgres:// or postgresql://, what is special in a password written as %40'
  const url = new URL(complete)
  const given = url.searchParams
  const unknown = [...given.keys()].filter((name) => !parameters.includes(name))
  if (unknown.length > 0) return `has the parameter ${unknown.join(', ')}: there are ${parameters.join(', ')}`
  const part = (name: string, inUrl: string) => given.get(name) || decode(inUrl) || undefined
  const host = part('host', url.hostname === '-' ? '' : url.hostname.replace(/^\[|\]$/g, ''))
  const read = readTls(given)
  if (typeof read === 'string') return read
  // As libpq does: a socket needs no TLS and speaks none.
  const plain = host?.startsWith('/') || read.ssl === false
  const [port, options] = [part('port', url.port), part('options', '')]
  const channelBinding = given.get('channel_binding')
  return {
    connection: {
      user: part('user', url.username),
      password: part('password', url.password),
      host,
      database: part('dbname', url.pathname.slice(1)),
      ...(port && { port: Number(port) }),
      ...(options && { options }),
      ssl: plain ? false : read.ssl,
      ...(channelBinding && { enableChannelBinding: channelBinding !== 'disable' }),
    },
    orPlain: !plain && read.orPlain,
  }
}

function readTls(given: URLSearchParams): { ssl: ConnectionOptions | false; orPlain: boolean } | string {
  const system = given.get('sslrootcert') === 'system'
  const fallback = system ? 'verify-full' : given.get('ssl') === 'true' ? 'require' : 'prefer'
  const mode = given.get('sslmode') ?? fallback
  if (!modes.includes(mode)) return `has sslmode=${mode}: there are ${modes.join(', ')}`
  if (system && mode !== 'verify-full') return 'needs sslmode=verify-full with sslrootcert=system'
  if (mode === 'disable') return { ssl: false, orPlain: false }
  if (mode === 'verify-ca' && !given.get('sslrootcert'))
    return 'needs sslrootcert with sslmode=verify-ca: anybody may have a certificate of a public authority'
  const missing: string[] = []
  const file = (name: string): string | undefined => {
    const path = given.get(name)
    if (!path || (name === 'sslrootcert' && system)) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      missing.push(`names ${path} by ${name}, which cannot be read (${(error as NodeJS.ErrnoException).code})`)
      return undefined
    }
  }
  const [ca, cert, key, passphrase] = [file('sslrootcert'), file('sslcert'), file('sslkey'), given.get('sslpassword')]
  if (missing[0]) return missing[0]
  const verified = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && ca !== undefined)
  return {
    ssl: {
      rejectUnauthorized: verified,
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(passphrase && { passphrase }),
      // By whom it was signed, not for which host.
      ...(verified && mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    },
    orPlain: mode === 'prefer' || mode === 'allow',
  }
}

/** A stray percent sign stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
