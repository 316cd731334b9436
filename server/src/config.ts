// The only reader of the environment: every variable, its default and its meaning, validated at once before anything starts.
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { findMisspelt } from './misspelt-settings.ts'
import { parseDatabaseUrl } from './platform/database/database-url.ts'
import { parseRedisUrl } from './platform/redis.ts'
import { StartupError } from './platform/startup-error.ts'
import type { TraceSettings } from './platform/tracing.ts'

export interface Rate {
  readonly count: number
  readonly seconds: number
}

/** Somebody else's accounts that open ours: OpenID Connect. */
export interface OidcProvider {
  /** In lower case, as in paths: `google`. */
  readonly name: string
  readonly label: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Separated by blanks, `openid` among them. */
  readonly scopes: string
}

/** An S3-compatible bucket that takes the place of the objects in the data directory. */
export interface S3Settings {
  /** S3_ENDPOINT, default AWS in S3_REGION. */
  readonly endpoint: string
  /** S3_PUBLIC_ENDPOINT, default S3_ENDPOINT: what clients reach, where it differs. */
  readonly publicEndpoint: string
  /** S3_BUCKET: of this installation alone. */
  readonly bucket: string
  /** S3_REGION, default us-east-1. */
  readonly region: string
  /** S3_FORCE_PATH_STYLE, default true with S3_ENDPOINT and false without. */
  readonly forcePathStyle: boolean
  /** S3_SIGN_LENGTH, default true on AWS and false elsewhere: upload URLs hold for one exact length. Ceph's gateway refuses them. */
  readonly signLength: boolean
  /** S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY; null = the role that the cloud gave this machine, found by AWS's own variables. */
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
  readonly role: {
    readonly roleArn: string | null
    readonly webIdentityTokenFile: string | null
    readonly containerUrl: string | null
    readonly containerToken: string | null
    readonly containerTokenFile: string | null
    readonly metadataEndpoint: string
  }
}

export interface Config {
  /** NODE_ENV=production. */
  readonly production: boolean
  /** HOST, default 127.0.0.1. */
  readonly host: string
  /** PORT, default 3000; 0 takes any free one. */
  readonly port: number
  /** AION_DATA_DIR, default ./data: database, objects, outbox, secret. */
  readonly dataDir: string
  /** AION_PUBLIC_URL: the origin that links and upload URLs carry; null = http://HOST:PORT. Required in production. */
  readonly publicUrl: string | null
  /** DATABASE_URL: a PostgreSQL 15 or newer; null = the embedded one. See platform/database/database-url.ts for its parameters. */
  readonly databaseUrl: string | null
  /** DATABASE_REPLICA_URL: a standby of it, where usage and the trail are read; null = on the primary. */
  readonly databaseReplicaUrl: string | null
  /** AION_DATABASE_POOL, default 20, with more than 8 workers 160 by all of them: connections of one process, beside the one that listens. */
  readonly databasePool: number
  /** AION_STATEMENT_TIMEOUT, in seconds, default 30: a query that takes longer is given up. */
  readonly statementTimeoutMs: number
  /** REDIS_URL: where several servers count together; null = each for itself. See platform/redis.ts for its forms. */
  readonly redisUrl: string | null
  /** AION_REDIS_PREFIX, default `aion:`: before every name in Redis. */
  readonly redisPrefix: string
  /** SMTP_URL (smtp:// or smtps://); null = the outbox in the data directory. */
  readonly smtpUrl: string | null
  /** AION_MAIL_FROM, default `Aionvision <no-reply@HOSTNAME>`. */
  readonly mailFrom: string
  /** AION_TRUSTED_PROXIES: comma-separated addresses and CIDRs whose X-Forwarded-For is believed; default none. */
  readonly trustedProxies: readonly string[]
  /** AION_SECRET, at least 32 bytes: generated into the data directory outside production, required in it. */
  readonly secret: string | null
  /** AION_SECRET_CHANGED, default false: starts on a database that another secret made, whose trails then break where this one goes on. */
  readonly secretChanged: boolean
  /** AION_LIMIT_LOGIN, _REGISTER, _RESET, _RESEND, _UNAUTHENTICATED: `count/seconds`; `off` outside production only. */
  readonly limits: Readonly<Record<LimitName, Rate | null>>
  /** AION_PLAN_OVERRIDES: JSON over the plan table, e.g. {"starter":{"requestsPerMinute":60}}. */
  readonly planOverrides: string | undefined
  /** AION_TENANT_CEILING_FACTOR, default 5: all keys of a tenant together, times the plan's number; 0 = off. */
  readonly tenantCeilingFactor: number
  /** AION_SELF_SERVICE_PLANS: owners change plans without payment; default true outside production, false in it. */
  readonly selfServicePlans: boolean
  /** AION_LOG_LEVEL: trace, debug, info, warn, error; default info in production, warn outside. JSON lines on stderr. */
  readonly logLevel: string
  /** OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: where traces go; null = none. OpenTelemetry reads its other variables itself. */
  readonly traces: TraceSettings | null
  /** AION_METRICS_TOKEN, at least 32 bytes: who sends it may read /metrics; null = this machine may, outside production. */
  readonly metricsToken: string | null
  /** AION_KEY_CACHE_SIZE, default 100000: verified keys and sessions kept in memory, each. */
  readonly keyCacheSize: number
  /** AION_WORKERS, default 1: processes on the one port. */
  readonly workers: number
  /** AION_SHUTDOWN_DELAY in seconds, default 5: from SIGTERM until it stops listening, while /readyz answers 503. */
  readonly shutdownDelayMs: number
  /** AION_REQUESTS_MAX, default 2000: requests under way at once; more are refused with 503. */
  readonly requestsMax: number
  /** AION_OUTBOUND_ALLOW: comma-separated hosts, addresses and CIDRs off the public internet that webhooks may reach; default none. */
  readonly outboundAllow: readonly string[]
  /** AION_SECRET_SCANNING_KEYS_URL: where a secret-scanning partner's public keys are; null = its reports are not taken. */
  readonly secretScanningKeysUrl: string | null
  /** AION_BREACHED_PASSWORDS_URL: a range API such as https://api.pwnedpasswords.com/range/ that new passwords are held against; null = none. */
  readonly breachedPasswordsUrl: string | null
  /**
   * OIDC_<NAME>_CLIENT_ID, _CLIENT_SECRET and _ISSUER (for GOOGLE default https://accounts.google.com) add a provider;
   * _LABEL, default the name, and _SCOPES, default `openid email profile`, are optional.
   */
  readonly oidcProviders: readonly OidcProvider[]
  /** null without S3_BUCKET: objects lie in the data directory. */
  readonly s3: S3Settings | null
}

const limitDefaults = {
  login: ['AION_LIMIT_LOGIN', { count: 10, seconds: 60 }],
  register: ['AION_LIMIT_REGISTER', { count: 20, seconds: 3600 }],
  reset: ['AION_LIMIT_RESET', { count: 5, seconds: 3600 }],
  resend: ['AION_LIMIT_RESEND', { count: 5, seconds: 3600 }],
  unauthenticated: ['AION_LIMIT_UNAUTHENTICATED', { count: 600, seconds: 60 }],
} as const satisfies Record<string, readonly [string, Rate]>
export type LimitName = keyof typeof limitDefaults

const modes = ['production', 'development', 'test']

/** Below what the embedded PostgreSQL takes. */
const embeddedConnectionsMax = 160

/** `serves`: whether links will be sent; aion-admin sends none. */
export function readConfig(env: NodeJS.ProcessEnv, { serves = true } = {}): Config {
  const faults: string[] = []
  const settings = new Set<string>()
  const value = (name: string): string | null => {
    settings.add(name)
    return env[name] || null
  }
  const mode = value('NODE_ENV') ?? 'development'
  // Half of what protects a server hangs on it: "prod" must not start one that is open.
  if (!modes.includes(mode)) faults.push(`NODE_ENV must be one of ${modes.join(', ')}, not "${mode}"`)
  const production = mode === 'production'
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const raw = value(name)
    if (raw === null) return fallback
    if (/^\d{1,9}$/.test(raw) && Number(raw) >= min && Number(raw) <= max) return Number(raw)
    faults.push(`${name} must be a whole number from ${min} to ${max}, not "${raw}"`)
    return fallback
  }
  const url = (name: string, protocols: string[], originOnly = false): string | null => {
    const raw = value(name)
    if (raw === null) return null
    const parsed = URL.parse ? URL.parse(raw) : safeUrl(raw)
    // The value itself may hold a password, so a fault never repeats it.
    if (!parsed || !protocols.includes(parsed.protocol))
      faults.push(`${name} must be a URL starting with ${protocols.map((p) => `${p}//`).join(' or ')}`)
    else if (originOnly && parsed.origin !== raw.replace(/\/$/, ''))
      faults.push(`${name} must be an origin without path, such as https://api.example.com`)
    else return originOnly ? parsed.origin : raw
    return null
  }
  const flag = (name: string, fallback: boolean): boolean => {
    const raw = value(name)
    if (raw === null || raw === 'true' || raw === 'false') return raw === null ? fallback : raw === 'true'
    faults.push(`${name} must be true or false, not "${raw}"`)
    return fallback
  }
  const rate = (name: string, fallback: Rate): Rate | null => {
    const raw = value(name)
    if (raw === null) return fallback
    if (raw === 'off' && !production) return null
    const match = /^(\d{1,7})\/(\d{1,6})$/.exec(raw)
    if (match && Number(match[1]) > 0 && Number(match[2]) > 0) return { count: Number(match[1]), seconds: Number(match[2]) }
    faults.push(
      `${name} must be count/seconds, such as ${fallback.count}/${fallback.seconds}${production ? ' ("off" is not allowed in production)' : ', or off'}`,
    )
    return fallback
  }
  const logLevel = value('AION_LOG_LEVEL') ?? (production ? 'info' : 'warn')
  if (!['trace', 'debug', 'info', 'warn', 'error'].includes(logLevel))
    faults.push('AION_LOG_LEVEL must be one of trace, debug, info, warn, error')
  const list = (name: string): string[] =>
    (value(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  const trustedProxies = list('AION_TRUSTED_PROXIES')
  for (const proxy of trustedProxies)
    if (!isCidr(proxy)) faults.push(`AION_TRUSTED_PROXIES must list IP addresses or CIDRs, not "${proxy}"`)
  const outboundAllow = list('AION_OUTBOUND_ALLOW')
  for (const entry of outboundAllow)
    if (!isCidr(entry) && !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(entry))
      faults.push(`AION_OUTBOUND_ALLOW must list host names, IP addresses or CIDRs, not "${entry}"`)
  const secret = value('AION_SECRET')
  if (secret !== null && Buffer.byteLength(secret) < 32) faults.push('AION_SECRET must be at least 32 bytes long')
  if (production && secret === null)
    faults.push('AION_SECRET is required in production: 32 bytes or more, for example from `openssl rand -base64 48`')
  if (production && secret !== null && isWeak(secret))
    faults.push('AION_SECRET is a default or repeats itself: make one with `openssl rand -base64 48`')
  const metricsToken = value('AION_METRICS_TOKEN')
  if (metricsToken !== null && Buffer.byteLength(metricsToken) < 32)
    faults.push('AION_METRICS_TOKEN must be at least 32 bytes long, for example from `openssl rand -hex 32`')
  const publicUrl = url('AION_PUBLIC_URL', ['https:', 'http:'], true)
  if (production && serves && value('AION_PUBLIC_URL') === null)
    faults.push('AION_PUBLIC_URL is required in production: the origin that links in mail carry')
  const postgres = (name: string): string | null => {
    const raw = value(name)
    const read = raw === null ? null : parseDatabaseUrl(raw)
    // The value itself may hold a password, so a fault never repeats it.
    if (typeof read === 'string') faults.push(`${name} ${read}`)
    return raw
  }
  const databaseUrl = postgres('DATABASE_URL')
  const databaseReplicaUrl = postgres('DATABASE_REPLICA_URL')
  if (databaseReplicaUrl !== null && databaseUrl === null)
    faults.push('DATABASE_REPLICA_URL needs DATABASE_URL: the embedded PostgreSQL has no standby')
  const workers = integer('AION_WORKERS', 1, 1, 32)
  const databasePool = integer('AION_DATABASE_POOL', Math.min(20, Math.floor(embeddedConnectionsMax / workers)), 5, 1000)
  if (databaseUrl === null && databasePool * workers > embeddedConnectionsMax)
    faults.push(`AION_DATABASE_POOL times AION_WORKERS must be at most ${embeddedConnectionsMax} on the embedded PostgreSQL`)
  const redisUrl = value('REDIS_URL')
  if (redisUrl !== null && !parseRedisUrl(redisUrl))
    faults.push(
      'REDIS_URL must be redis://[user:password@]host:6379/0, redis+sentinel://host,host/master with no parameters but db, sentinel_username and sentinel_password, or redis+cluster://host,host; with TLS rediss; @, / and : of a password as %40, %2F and %3A',
    )
  const limits = Object.fromEntries(
    Object.entries(limitDefaults).map(([key, [name, fallback]]) => [key, rate(name, fallback)]),
  ) as unknown as Config['limits']
  const config: Config = {
    production,
    host: value('HOST') ?? '127.0.0.1',
    port: integer('PORT', 3000, 0, 65535),
    dataDir: resolve(value('AION_DATA_DIR') ?? 'data'),
    publicUrl,
    databaseUrl,
    databaseReplicaUrl,
    databasePool,
    statementTimeoutMs: integer('AION_STATEMENT_TIMEOUT', 30, 1, 3600) * 1000,
    redisUrl,
    redisPrefix: value('AION_REDIS_PREFIX') ?? 'aion:',
    smtpUrl: url('SMTP_URL', ['smtp:', 'smtps:']),
    mailFrom: value('AION_MAIL_FROM') ?? `Aionvision <no-reply@${publicUrl ? new URL(publicUrl).hostname : 'localhost'}>`,
    trustedProxies,
    secret,
    secretChanged: flag('AION_SECRET_CHANGED', false),
    limits,
    planOverrides: value('AION_PLAN_OVERRIDES') ?? undefined,
    tenantCeilingFactor: integer('AION_TENANT_CEILING_FACTOR', 5, 0, 1000),
    selfServicePlans: flag('AION_SELF_SERVICE_PLANS', !production),
    logLevel,
    traces: readTraces(value, url, faults),
    metricsToken,
    keyCacheSize: integer('AION_KEY_CACHE_SIZE', 100_000, 100, 10_000_000),
    workers,
    shutdownDelayMs: integer('AION_SHUTDOWN_DELAY', 5, 0, 3_600) * 1_000,
    requestsMax: integer('AION_REQUESTS_MAX', 2_000, 10, 1_000_000),
    outboundAllow,
    secretScanningKeysUrl: url('AION_SECRET_SCANNING_KEYS_URL', production ? ['https:'] : ['https:', 'http:']),
    breachedPasswordsUrl: url('AION_BREACHED_PASSWORDS_URL', ['https:', 'http:']),
    oidcProviders: readOidcProviders(env, production, faults),
    s3: readS3(value, url, flag, faults),
  }
  faults.push(...findMisspelt(env, settings))
  if (faults.length) throw new StartupError(`The configuration is not valid: ${faults.join('; ')}.`)
  return Object.freeze(config)
}

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const s3Names = [
  'S3_ENDPOINT',
  'S3_PUBLIC_ENDPOINT',
  'S3_REGION',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'S3_FORCE_PATH_STYLE',
  'S3_SIGN_LENGTH',
]

function readS3(
  value: (name: string) => string | null,
  url: (name: string, protocols: string[], originOnly: boolean) => string | null,
  flag: (name: string, fallback: boolean) => boolean,
  faults: string[],
): S3Settings | null {
  const bucket = value('S3_BUCKET')
  if (bucket === null) {
    const given = s3Names.filter((name) => value(name) !== null)
    if (given.length > 0) faults.push(`S3_BUCKET is missing: ${given.join(', ')} ${given.length > 1 ? 'need' : 'needs'} it`)
    return null
  }
  if (!bucketName.test(bucket)) faults.push(`S3_BUCKET must be the name of a bucket, not "${bucket}"`)
  const region = value('S3_REGION') ?? 'us-east-1'
  if (!/^[a-z0-9-]{2,32}$/.test(region)) faults.push(`S3_REGION must be a region such as eu-west-1, not "${region}"`)
  const accessKeyId = value('S3_ACCESS_KEY_ID')
  const secretAccessKey = value('S3_SECRET_ACCESS_KEY')
  if ((accessKeyId === null) !== (secretAccessKey === null))
    faults.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are given both or neither')
  const given = url('S3_ENDPOINT', ['https:', 'http:'], true)
  const endpoint = given ?? `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  const aws = given === null || /\.amazonaws\.com(\.cn)?$/.test(given)
  const relative = value('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
  return {
    endpoint,
    publicEndpoint: url('S3_PUBLIC_ENDPOINT', ['https:', 'http:'], true) ?? endpoint,
    bucket,
    region,
    forcePathStyle: flag('S3_FORCE_PATH_STYLE', !aws),
    signLength: flag('S3_SIGN_LENGTH', aws),
    keys: accessKeyId !== null && secretAccessKey !== null ? { accessKeyId, secretAccessKey } : null,
    role: {
      roleArn: value('AWS_ROLE_ARN'),
      webIdentityTokenFile: value('AWS_WEB_IDENTITY_TOKEN_FILE'),
      containerUrl: relative !== null ? `http://169.254.170.2${relative}` : value('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
      containerToken: value('AWS_CONTAINER_AUTHORIZATION_TOKEN'),
      containerTokenFile: value('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
      metadataEndpoint: value('AWS_EC2_METADATA_SERVICE_ENDPOINT')?.replace(/\/$/, '') ?? 'http://169.254.169.254',
    },
  }
}

const samplers = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`])

/** What would otherwise be ignored in silence, or do something else than was asked for, is a fault. */
function readTraces(
  value: (name: string) => string | null,
  url: (name: string, protocols: string[]) => string | null,
  faults: string[],
): TraceSettings | null {
  const exporter = value('OTEL_TRACES_EXPORTER') ?? 'otlp'
  if (value('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || exporter === 'none') return null
  const endpoints = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  if (endpoints.every((name) => value(name) === null)) return null
  for (const name of endpoints) url(name, ['http:', 'https:'])
  if (exporter !== 'otlp') faults.push(`OTEL_TRACES_EXPORTER must be otlp or none, not "${exporter}"`)
  const own = 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
  const protocolName = value(own) === null ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : own
  const protocol = value(protocolName) ?? 'http/protobuf'
  if (protocol !== 'http/protobuf' && protocol !== 'http/json')
    faults.push(`${protocolName} must be http/protobuf or http/json, not "${protocol}"`)
  const sampler = value('OTEL_TRACES_SAMPLER')
  if (sampler !== null && !samplers.includes(sampler))
    faults.push(`OTEL_TRACES_SAMPLER must be one of ${samplers.join(', ')}, not "${sampler}"`)
  const ratio = value('OTEL_TRACES_SAMPLER_ARG')
  if (sampler?.endsWith('traceidratio') && !(ratio !== null && /^\d*\.?\d+$/.test(ratio) && Number(ratio) <= 1))
    faults.push('OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1, such as 0.01')
  const propagators = (value('OTEL_PROPAGATORS') ?? 'tracecontext').split(',').map((name) => name.trim())
  return { encoding: protocol === 'http/json' ? 'json' : 'protobuf', propagated: propagators.includes('tracecontext') }
}

const oidcSettings = ['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET', 'LABEL', 'SCOPES']

function readOidcProviders(env: NodeJS.ProcessEnv, production: boolean, faults: string[]): OidcProvider[] {
  const given = new Map<string, Map<string, string>>()
  for (const [variable, value] of Object.entries(env)) {
    const [, name, setting] = /^OIDC_([A-Z][A-Z0-9]{0,30})_([A-Z_]+)$/.exec(variable) ?? []
    if (!name || !setting || !value) continue
    if (!oidcSettings.includes(setting))
      faults.push(`${variable} is not a setting: OIDC_${name}_ takes ${oidcSettings.join(', ')}`)
    else given.set(name, (given.get(name) ?? new Map()).set(setting, value))
  }
  return [...given].sort().map(([name, settings]) => {
    const required = (setting: string, fallback = '') => {
      const value = settings.get(setting) ?? fallback
      if (value === '') faults.push(`OIDC_${name}_${setting} is missing: a provider needs it`)
      return value
    }
    const issuer = required('ISSUER', name === 'GOOGLE' ? 'https://accounts.google.com' : '')
    if (issuer !== '' && !isIssuer(issuer, production))
      faults.push(`OIDC_${name}_ISSUER must be an https:// URL without query${production ? '' : ', or http:// on this machine'}`)
    const scopes = settings.get('SCOPES') ?? 'openid email profile'
    if (!scopes.split(' ').includes('openid')) faults.push(`OIDC_${name}_SCOPES must hold openid`)
    return {
      name: name.toLowerCase(),
      label: settings.get('LABEL') ?? `${name[0]}${name.slice(1).toLowerCase()}`,
      issuer,
      clientId: required('CLIENT_ID'),
      clientSecret: required('CLIENT_SECRET'),
      scopes,
    }
  })
}

function isIssuer(text: string, production: boolean): boolean {
  const url = safeUrl(text)
  if (!url || url.search || url.hash || url.username) return false
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback && !production)
}

function safeUrl(raw: string): URL | null {
  try {
    return new URL(raw)
  } catch {
    return null
  }
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  return (
    family !== 0 &&
    rest.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
  )
}

/** Fewer than 8 different characters, or a word that sample files carry: nobody drew this from a random source. */
function isWeak(secret: string): boolean {
  return new Set(secret).size < 8 || /change.?me|default|example|your.?secret|insecure|password/i.test(secret)
}
