// The one place that knows the Redis client: standalone, behind Sentinel, or a Cluster, each by its address.
import { createHash, randomUUID } from 'node:crypto'
import { Cluster, type ClusterNode, Redis } from 'ioredis'
import type { Logger } from 'pino'
import { inSpan, type Tracing } from './tracing.ts'

export interface RedisConnection {
  /** Runs a script by its hash; Redis gets its text when it does not know it. */
  evaluate(script: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /**
   * Notes that `id` lives, forgets whom nothing was heard of for `silenceMs` by Redis's own clock, and counts who is left. `memory` is
   * another one as soon as Redis has lost what it knew, `evicted` how many keys it has put out for want of room (0 where it does not tell).
   */
  beat(key: string, id: string, silenceMs: number): Promise<Beat>
  leave(key: string, id: string): Promise<unknown>
  del(key: string): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  /** On a connection of its own, which comes back by itself; `lost`: what is said from here on is not heard. */
  subscribe(channels: readonly string[], hear: (channel: string, message: string) => void, lost: () => void): Subscription
  /** The connection that asks has broken. */
  onLost(listener: () => void): void
  /** Why it could not be made the last time: a certificate, a password, nobody there. */
  refusal(): string | null
  close(): Promise<void>
}

export interface Beat {
  readonly members: number
  readonly memory: string
  readonly evicted: number
}

export interface Subscription {
  /** For who finds that it hears nothing on a connection that seems to be whole. */
  reconnect(): void
  close(): void
}

/** Beyond it Redis counts as gone: a request waits for it once, and no longer. */
const answerTimeoutMs = 500
/** As many looks at the clock in that time: a moment in which this process or the whole machine stood still is one of them, however long. */
const looks = 5
const reconnectMs = 200
const defaultPort = 6379
const sentinelPort = 26_379

interface RedisAddress {
  readonly kind: 'standalone' | 'sentinel' | 'cluster'
  readonly tls: boolean
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  readonly username?: string
  readonly password?: string
  /** Sentinel's name of the master. */
  readonly master?: string
  /** Sentinel's own, where it asks for one. */
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  readonly db: number
}

const form = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/
/** What may follow the question mark, of which kind. */
const parameters: Record<RedisAddress['kind'], readonly string[]> = {
  standalone: [],
  sentinel: ['db', 'sentinel_username', 'sentinel_password'],
  cluster: [],
}

/**
 * `redis://[user:password@]host[:port][/db]`, `redis+sentinel://host,host/master[?db=n&sentinel_username=…&sentinel_password=…]`,
 * `redis+cluster://host,host`; each with TLS as `rediss`. Null where it is none of them.
 */
export function parseRedisUrl(url: string): RedisAddress | null {
  const [, scheme, named = 'standalone', user, pass, hosts = '', path, query] = form.exec(url) ?? []
  if (!scheme) return null
  const kind = named as RedisAddress['kind']
  const [username, password] = [user, pass].map(decoded)
  if (username === null || password === null) return null
  const more = new URLSearchParams(query)
  const standard = kind === 'sentinel' ? sentinelPort : defaultPort
  const parsed = hosts.split(',').map((text) => {
    const [, host = '', port] = /^(\[[^\]]+\]|[^:@]+)(?::(\d{1,5}))?$/.exec(text) ?? []
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? standard) }
  })
  if (parsed.some(({ host, port }) => host === '' || port < 1 || port > 65_535)) return null
  if (kind === 'standalone' && parsed.length > 1) return null
  if (kind === 'sentinel' && !path) return null
  if (kind === 'cluster' && path) return null
  if ([...more.keys()].some((name) => !parameters[kind].includes(name))) return null
  const db = (kind === 'standalone' ? path : more.get('db')) || '0'
  if (!/^\d{1,3}$/.test(db)) return null
  const [sentinelUsername, sentinelPassword] = [more.get('sentinel_username'), more.get('sentinel_password')]
  return {
    kind,
    tls: scheme === 'rediss',
    hosts: parsed,
    ...(username && { username }),
    ...(password && { password }),
    ...(kind === 'sentinel' && path && { master: path }),
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
    db: Number(db),
  }
}

/** Null where it is no percent-encoding. */
function decoded(text: string | undefined): string | undefined | null {
  try {
    return text && decodeURIComponent(text)
  } catch {
    return null
  }
}

export function connectRedis(url: string, log: Logger): RedisConnection {
  const address = parseRedisUrl(url)
  if (!address) throw new Error('The address of Redis is not one.')
  // Without a listener an error would end the process; who asks is told by the rejection.
  let refusal: string | null = null
  const quiet = (error: Error & { lastNodeError?: Error }) => {
    // Of a Cluster, whose own error only says that no node would do.
    refusal = error.lastNodeError?.message ?? error.message
    log.debug({ err: refusal }, 'Redis')
  }
  const client = open(address).on('error', quiet)
  const numbered = client instanceof Redis && address.db > 0
  let chosen = !numbered
  // Where it cannot be chosen the client itself would go on with another one. One that is not there does not come; any other failure passes.
  if (numbered)
    client
      .on('close', () => {
        chosen = false
      })
      .on('ready', () =>
        client.select(address.db).then(
          () => {
            chosen = true
          },
          (error: Error) => {
            quiet(error)
            if (error.message.includes('DB index')) client.disconnect()
            else redial(client)
          },
        ),
      )
  const hashes = new Map<string, string>()
  let saidForbidden = false
  /** It works until PostgreSQL is gone: said before. */
  const sayForbidden = (error: Error) => {
    if (saidForbidden || !error.message.startsWith('NOPERM')) return
    saidForbidden = true
    log.warn({ err: error.message }, 'Redis forbids its channels to this server, which so trusts nobody without PostgreSQL')
  }

  function inTime<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (!chosen) return Promise.reject(new Error(refusal ?? 'the database is not chosen yet'))
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout
      const wait = (left: number) => {
        timer = setTimeout(() => (left > 1 ? wait(left - 1) : late()), answerTimeoutMs / looks)
      }
      const late = () => {
        reject(new Error(`no answer within ${answerTimeoutMs} ms`))
        redial(client)
      }
      wait(looks)
      ask()
        .then(resolve, reject)
        .finally(() => clearTimeout(timer))
    })
  }

  return {
    async evaluate(script, keys, args) {
      const known = hashes.get(script)
      if (known)
        try {
          return await inTime(() => client.evalsha(known, keys.length, ...keys, ...args))
        } catch (error) {
          // It was restarted, or another node of the cluster is asked for the first time.
          if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
        }
      const answer = await inTime(() => client.eval(script, keys.length, ...keys, ...args))
      hashes.set(script, sha1(script))
      return answer
    },
    async beat(key, id, silenceMs) {
      const memoryKey = `${key}:memory`
      const [members, , memory, evicted] = await inTime(() =>
        Promise.all([
          client.eval(beatScript, 1, key, id, silenceMs) as Promise<number>,
          client.set(memoryKey, randomUUID(), 'NX'),
          client.get(memoryKey),
          countEvicted(client),
        ]),
      )
      return { members, memory: memory ?? '', evicted }
    },
    leave: (key, id) => inTime(() => client.zrem(key, id)),
    del: (key) => inTime(() => client.del(key)),
    publish: (channel, message) =>
      inTime(() => client.publish(channel, message)).catch((error: Error) => {
        sayForbidden(error)
        throw error
      }),
    subscribe(channels, hear, lost) {
      const ears = open(address).on('error', quiet).on('message', hear).on('close', lost)
      // At each connection anew, because the first may never have come about.
      ears.on('ready', () =>
        ears.subscribe(...channels).catch((error: Error) => {
          quiet(error)
          sayForbidden(error)
        }),
      )
      return { reconnect: () => redial(ears), close: () => ears.disconnect() }
    },
    onLost: (listener) => void client.on('close', listener),
    refusal: () => refusal,
    async close() {
      client.disconnect()
    },
  }
}

/** What a request or a job asks. Names of keys tell of tenants and addresses: they are in no span. */
export function traceRedis(redis: RedisConnection, tracing: Tracing): RedisConnection {
  const ask = <T>(operation: string, work: () => Promise<T>) =>
    inSpan(tracing, operation, 'client', { 'db.system.name': 'redis', 'db.operation.name': operation }, work)
  return {
    ...redis,
    evaluate: (...given) => ask('EVALSHA', () => redis.evaluate(...given)),
    del: (...given) => ask('DEL', () => redis.del(...given)),
    publish: (...given) => ask('PUBLISH', () => redis.publish(...given)),
  }
}

/** Of all masters. Who may not ask takes it for none. */
async function countEvicted(client: Redis | Cluster): Promise<number> {
  const nodes = client instanceof Redis ? [client] : client.nodes('master')
  const told = await Promise.all(nodes.map((node) => node.info('stats').catch(() => '')))
  return told.reduce((sum, text) => sum + Number(/^evicted_keys:(\d+)/m.exec(text)?.[1] ?? 0), 0)
}

/** Where packets vanish the old connection would go on waiting long after the way is whole again. */
function redial(client: Redis | Cluster): void {
  // Without a connection it is dialing anyway.
  if (client.status !== 'ready') return
  // Everybody who asked comes here, and one that is being closed still calls itself ready.
  const closing = client instanceof Redis && client.stream.writableEnded
  if (!closing) client.disconnect(true)
}

function open(address: RedisAddress): Redis | Cluster {
  const { kind, hosts, tls, username, password, master, sentinelUsername, sentinelPassword, db } = address
  const shared = {
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls: {} }),
    connectTimeout: 2_000,
    // Who asks while there is no connection learns that at once, and goes on without.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: () => reconnectMs,
  }
  if (kind === 'cluster')
    return new Cluster(hosts as ClusterNode[], {
      redisOptions: shared,
      // A certificate is for a name: the client would look its address up and hold the certificate against that.
      ...(tls && { dnsLookup: (name, found) => found(null, name) }),
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      clusterRetryStrategy: () => reconnectMs,
    })
  if (kind === 'sentinel')
    return new Redis({
      ...shared,
      // Without these two the client speaks plainly, to Sentinel and to the master, whatever else it was told.
      ...(tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
      sentinels: [...hosts],
      name: master ?? '',
      ...(sentinelUsername && { sentinelUsername }),
      ...(sentinelPassword && { sentinelPassword }),
      db,
      sentinelRetryStrategy: () => reconnectMs,
    })
  const [first] = hosts
  return new Redis({ ...shared, host: first?.host ?? '', port: first?.port ?? defaultPort, db })
}

/** A set of who lives, by when they were last heard of in milliseconds of Redis's own clock: those of the servers may differ. */
const beatScript = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
return redis.call('ZCARD', KEYS[1])
`

/** What EVALSHA names a script by. */
function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
