// Refusals in the trail, sampled with counts: a flood of them costs a row a minute, not a disk.
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import type { KeySubject } from '../../http/access.ts'
import type { ErrorCode } from '../../http/error-table.ts'
import { type EventType, recordEvent } from './record-event.ts'

export interface RefusalSampler {
  /** Once per request that was refused after its credential named a workspace; `subject` where the key itself was refused. */
  note(request: FastifyRequest, code: ErrorCode, subject?: KeySubject): void
  /** Writes what is due. */
  flush(): Promise<void>
  start(): void
  /** Writes everything. */
  stop(): Promise<void>
}

/** Which refusals are kept, and as what. Asking for a fresh proof is no refusal: the same person repeats the request a moment later. */
const types: Readonly<Partial<Record<ErrorCode, EventType>>> = {
  INSUFFICIENT_PERMISSIONS: 'permission.denied',
  SESSION_REQUIRED: 'permission.denied',
  MFA_REQUIRED: 'permission.denied',
  EMAIL_NOT_VERIFIED: 'permission.denied',
  IP_NOT_ALLOWED: 'api_key.failed',
  ORIGIN_NOT_ALLOWED: 'api_key.failed',
  INSUFFICIENT_SUBSCRIPTION_TIER: 'api_key.failed',
  INVALID_API_KEY: 'api_key.failed',
  EXPIRED_API_KEY: 'api_key.failed',
  REVOKED_API_KEY: 'api_key.failed',
  RATE_LIMIT_ERROR: 'security.rate_limit_exceeded',
  CROSS_SITE_REQUEST: 'security.suspicious_activity',
}

const actions: Readonly<Record<string, string>> = {
  'permission.denied': 'request.deny',
  'api_key.failed': 'api_key.refuse',
  'security.rate_limit_exceeded': 'request.limit',
  'security.suspicious_activity': 'request.refuse_cross_site',
}

/** A caller's refusals of one type become at most one row in this time. */
const rowEveryMs = 60_000
const flushEveryMs = 5_000
/** Callers told apart; the refusals of any more are counted per workspace, so that memory is bounded and no count is lost. */
const callersMax = 10_000

interface Tally {
  readonly tenantId: string
  readonly userId: string | null
  readonly keyId: string | null
  readonly type: EventType
  count: number
  /** The newest of them stands for all. */
  code: ErrorCode
  method: string
  route: string
  ip: string
  at: number
  /** Epoch milliseconds of the last row; null before the first. */
  writtenAt: number | null
}

export function createRefusalSampler({ db, audit, clock, log }: Pick<Deps, 'db' | 'audit' | 'clock' | 'log'>): RefusalSampler {
  const tallies = new Map<string, Tally>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  function tallyOf({ tenantId, userId, keyId }: Subject, type: EventType): Tally {
    const name = `${tenantId} ${keyId ?? userId} ${type}`
    const present = tallies.get(name)
    if (present) return present
    const shared = tallies.size >= callersMax
    const sharedName = `${tenantId} * ${type}`
    const tally = (shared && tallies.get(sharedName)) || {
      tenantId,
      userId: shared ? null : userId,
      keyId: shared ? null : keyId,
      type,
      count: 0,
      code: 'NOT_FOUND',
      method: '',
      route: '',
      ip: '',
      at: 0,
      writtenAt: null,
    }
    tallies.set(shared ? sharedName : name, tally)
    return tally
  }

  async function write(everything: boolean): Promise<void> {
    for (const [name, tally] of tallies) {
      const idle = tally.writtenAt !== null && clock.now() - tally.writtenAt >= rowEveryMs
      if (tally.count === 0) {
        if (idle) tallies.delete(name)
      } else if (everything || idle || tally.writtenAt === null) await writeRow(tally)
    }
  }

  async function writeRow(tally: Tally): Promise<void> {
    const { count, code, method, route } = tally
    tally.count = 0
    try {
      await db.transaction().execute((trx) =>
        recordEvent(trx, audit, {
          tenantId: tally.tenantId,
          eventType: tally.type,
          action: actions[tally.type] ?? 'request.refuse',
          result: 'denied',
          userId: tally.userId,
          apiKeyId: tally.keyId,
          ip: tally.ip,
          resourceType: tally.keyId === null ? null : 'api_key',
          resourceId: tally.keyId,
          errorMessage: code,
          metadata: { count, code, method, route },
          at: tally.at,
        }),
      )
      tally.writtenAt = clock.now()
    } catch (error) {
      tally.count += count
      log.warn({ err: (error as Error).message }, 'refusals could not be written to the trail; they are kept and tried again')
    }
  }

  /** One at a time, so that no count is taken twice. */
  function inTurn(everything: boolean): Promise<void> {
    writing = writing.then(() => write(everything))
    return writing
  }

  return {
    note(request, code, subject) {
      const type = types[code]
      const who = subject ?? subjectOf(request)
      if (!type || !who) return
      const tally = tallyOf(who, type)
      tally.count++
      tally.code = code
      tally.method = request.method
      tally.route = request.routeOptions.url ?? 'unknown'
      tally.ip = request.ip
      tally.at = clock.now()
    },
    flush: () => inTurn(false),
    start() {
      timer = setInterval(() => void inTurn(false), flushEveryMs).unref()
    },
    stop() {
      clearInterval(timer)
      return inTurn(true)
    },
  }
}

interface Subject {
  readonly tenantId: string
  readonly userId: string
  readonly keyId: string | null
}

function subjectOf({ principal }: FastifyRequest): Subject | null {
  if (!principal?.tenantId) return null
  const { tenantId, userId } = principal
  return { tenantId, userId, keyId: principal.kind === 'key' ? principal.keyId : null }
}
