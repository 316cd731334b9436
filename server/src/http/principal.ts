// Who is calling: the only thing a route knows about credentials.
import type { PlanName } from '../features/plans/plan-table.ts'
import type { Tally } from '../features/usage/recorder.ts'
import type { AddressList } from '../platform/address-list.ts'

export type Role = 'viewer' | 'editor' | 'admin' | 'owner'
/** 0 none · 1 VIEW · 2 EDIT · 3 ADMIN · 4 OWNER; each holds all below it. */
export type Level = 0 | 1 | 2 | 3 | 4
export const levelOfRole: Readonly<Record<Role, Level>> = { viewer: 1, editor: 2, admin: 3, owner: 4 }
export const levelOfPermission = { SELF: 0, VIEW: 1, EDIT: 2, ADMIN: 3, OWNER: 4 } as const

export interface KeyPrincipal {
  readonly kind: 'key'
  readonly keyId: string
  readonly tenantId: string
  /** The key's creator, whose present rights cap it. */
  readonly userId: string
  readonly plan: PlanName
  readonly level: Level
  /** Scopes of the form `files:read` that the creator may still give. */
  readonly grants: ReadonlySet<string>
  readonly scopes: readonly string[]
  /** Epoch milliseconds. */
  readonly expiresAt: number | null
  /** Each must hold the caller's address; none: from anywhere. */
  readonly allowedIps: readonly AddressList[]
  readonly allowedOrigins: readonly string[]
  /** Requests in any rolling minute, for the key and for its whole tenant (0 = no ceiling). */
  readonly limit: number
  readonly tenantLimit: number
  /** Where the usage of this key is counted. */
  readonly tally: Tally
}

export interface SessionPrincipal {
  readonly kind: 'session'
  readonly sessionId: string
  readonly userId: string
  readonly email: string
  readonly emailVerified: boolean
  readonly tenantId: string | null
  readonly plan: PlanName | null
  readonly role: Role | null
  readonly level: Level
  /** Epoch milliseconds of the last proof of who this is: signing in, or doing so again. */
  readonly authenticatedAt: number
  /** Epoch milliseconds of the last second factor in this session; null while none was proved. */
  readonly factorAt: number | null
  /** Whether this person has a second factor at all. */
  readonly hasFactor: boolean
  /** Whether the workspace they act in asks every member for one. */
  readonly factorRequired: boolean
}

export type Principal = KeyPrincipal | SessionPrincipal

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
    /** Method and path of the route, such as `GET /api/v2/user-files`; empty where there is none. */
    route: string
    /** By `performance.now()`. */
    startedAt: number
    /** Of the refusal it was answered with. */
    errorCode: string | null
  }
  interface FastifyContextConfig {
    access?: import('./access.ts').Access
  }
}

/** For session-only routes that act in a tenant: the access check has proved both. */
export function sessionOf(request: { principal: Principal | null }): SessionPrincipal {
  if (request.principal?.kind !== 'session') throw new Error('a session route ran without a session')
  return request.principal
}

export function tenantOf(request: { principal: Principal | null }): {
  tenantId: string
  userId: string
  plan: PlanName
  keyId: string | null
} {
  const principal = request.principal
  if (!principal?.tenantId || !principal.plan) throw new Error('a tenant route ran without a tenant')
  return {
    tenantId: principal.tenantId,
    userId: principal.userId,
    plan: principal.plan,
    keyId: principal.kind === 'key' ? principal.keyId : null,
  }
}
