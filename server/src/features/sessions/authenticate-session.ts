// Who a session token stands for, decided from memory where it can be, and never from a memory that may have missed a change.
import { LRUCache } from 'lru-cache'
import type { Deps } from '../../deps.ts'
import { levelOfRole, type SessionPrincipal } from '../../http/principal.ts'
import { SubjectCache } from '../../platform/subject-cache.ts'
import { deleteDeadSessions, findSessionByToken, type Membership, membershipsOf, touchSessions } from './queries.ts'
import { type SessionTimes, sessionEnd } from './session-life.ts'
import { hashToken, isSessionToken } from './session-token.ts'

export type Authenticated = SessionPrincipal & { renewCookie?: boolean }

export interface SessionAuthenticator {
  /** `tenantId` is the workspace the caller names; null takes their own. Answers at once for a session in memory. */
  authenticate(token: string, tenantId: string | null): Authenticated | null | Promise<Authenticated | null>
  /** Whether the cookie of a session that was just authenticated lives for 30 days instead of 7. */
  isRemembered(sessionId: string): boolean
  flush(): Promise<void>
  start(): void
  stop(): Promise<void>
}

const hourMs = 3_600_000
const flushEveryMs = 5_000
/** One write per session and minute is exact enough for a life of days. */
const touchEveryMs = 60_000
const rememberedMax = 10_000

interface Entry extends SessionTimes {
  readonly sessionId: string
  readonly userId: string
  readonly memberships: readonly Membership[]
  /** By the workspace named; `null` for none. */
  readonly principals: Map<string | null, SessionPrincipal>
  readonly identity: Pick<SessionPrincipal, 'email' | 'emailVerified' | 'authenticatedAt' | 'factorAt' | 'hasFactor'>
  lastAccessedAt: number
  touchedAt: number
  cookieRenewedAt: number
  endsAt: number
}

export function createSessionAuthenticator({
  db,
  clock,
  changes,
  config,
  log,
}: Pick<Deps, 'db' | 'clock' | 'changes' | 'config' | 'log'>): SessionAuthenticator {
  const remembered = new LRUCache<string, true>({ max: rememberedMax })
  const touched = new Map<string, number>()
  const entries = new SubjectCache<Entry>(config.keyCacheSize, ({ sessionId, userId, memberships }) => [
    sessionId,
    userId,
    ...memberships.map(({ tenantId }) => tenantId),
  ])
  let generation = 0
  const timers: NodeJS.Timeout[] = []

  changes.subscribe((change) => {
    // A load that began before this must not be kept: it may have read the state before the change.
    generation++
    if (change === 'all') return entries.clear()
    entries.end(change.id)
  })

  function admit(entry: Entry, tenantId: string | null, now: number): Authenticated {
    entry.lastAccessedAt = now
    entry.endsAt = sessionEnd(entry)
    if (now - entry.touchedAt >= touchEveryMs) {
      entry.touchedAt = now
      touched.set(entry.sessionId, now)
    }
    const principal = principalOf(entry, tenantId)
    if (now - entry.cookieRenewedAt < hourMs) return principal
    entry.cookieRenewedAt = now
    if (entry.rememberMe) remembered.set(entry.sessionId, true)
    return { ...principal, renewCookie: true }
  }

  async function load(token: string, tenantId: string | null): Promise<Authenticated | null> {
    const before = generation
    const rows = await findSessionByToken(db, hashToken(token))
    const row = rows[0]
    if (!row) return null
    const now = clock.now()
    const lastAccessedAt = row.last_accessed_at.getTime()
    const times = {
      rememberMe: row.remember_me,
      createdAt: row.created_at.getTime(),
      lastAccessedAt,
      endsAtMost: row.ends_at?.getTime() ?? null,
    }
    const endsAt = sessionEnd(times)
    if (now >= endsAt) return null
    const entry: Entry = {
      ...times,
      sessionId: row.id,
      userId: row.user_id,
      memberships: membershipsOf(rows),
      principals: new Map(),
      identity: {
        email: row.email,
        emailVerified: row.email_verified_at !== null,
        authenticatedAt: row.authenticated_at.getTime(),
        factorAt: row.factor_at?.getTime() ?? null,
        hasFactor: row.factor_enrolled_at !== null,
      },
      touchedAt: lastAccessedAt,
      // The hour the session was last seen in: renewed at most once in each, even if it is never kept in memory.
      cookieRenewedAt: Math.floor(lastAccessedAt / hourMs) * hourMs,
      endsAt,
    }
    if (changes.live && before === generation) entries.set(token, entry)
    return admit(entry, tenantId, now)
  }

  async function flush(): Promise<void> {
    if (touched.size === 0) return
    const touches = [...touched].map(([id, at]) => ({ id, at }))
    touched.clear()
    try {
      await touchSessions(db, touches)
    } catch (error) {
      // Kept for the next round: an idle database must not end anybody's session.
      for (const { id, at } of touches) if (!touched.has(id)) touched.set(id, at)
      throw error
    }
  }

  function every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(
      () => work().catch((error: Error) => log.warn({ err: error.message }, 'sessions could not be written')),
      ms,
    )
    timer.unref()
    timers.push(timer)
  }

  return {
    authenticate(token, tenantId) {
      const entry = entries.get(token)
      if (entry) {
        const now = clock.now()
        if (now < entry.endsAt) return admit(entry, tenantId, now)
        // Another process may have seen it in use: the database decides.
        entries.delete(token)
      }
      return isSessionToken(token) ? load(token, tenantId) : null
    },
    isRemembered: (sessionId) => remembered.has(sessionId),
    flush,
    start() {
      every(flushEveryMs, flush)
      every(hourMs, () => deleteDeadSessions(db, clock.now()))
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer)
      await flush()
    },
  }
}

function principalOf(entry: Entry, tenantId: string | null): SessionPrincipal {
  const made = entry.principals.get(tenantId)
  if (made) return made
  const membership =
    tenantId === null ? entry.memberships[0] : entry.memberships.find((candidate) => candidate.tenantId === tenantId)
  const principal: SessionPrincipal = {
    kind: 'session',
    sessionId: entry.sessionId,
    userId: entry.userId,
    ...entry.identity,
    tenantId: membership?.tenantId ?? null,
    plan: membership?.plan ?? null,
    role: membership?.role ?? null,
    level: membership ? levelOfRole[membership.role] : 0,
    factorRequired: membership?.factorRequired ?? false,
  }
  // Kept for workspaces they are in only: a caller who names others must not fill the memory.
  if (membership || tenantId === null) entry.principals.set(tenantId, principal)
  return principal
}
