// What a key may do: levels, and single permissions on single resources, compared whole and never by prefix.
import { type Level, levelOfRole, type Role } from '../../http/principal.ts'

const levels: Readonly<Record<string, Level>> = { read: 1, write: 2, admin: 3 }
const resources = ['files', 'documents', 'uploads', 'usage', 'api_keys', 'tenants', 'cloud_storage']
const permissions: Readonly<Record<string, Level>> = { read: 1, write: 2, delete: 2, share: 2 }

export const knownScopes: readonly string[] = [
  ...Object.keys(levels),
  ...resources.flatMap((resource) => Object.keys(permissions).map((permission) => `${resource}:${permission}`)),
]
const known = new Set(knownScopes)

const levelNames = Object.keys(levels)

export function unknownScopes(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => !known.has(scope))
}

/** The least level its creator needs for a scope; a key never exceeds who made it. */
export function levelNeeded(scope: string): Level {
  return levels[scope] ?? permissions[scope.slice(scope.indexOf(':') + 1)] ?? 3
}

/** What the scopes are worth today: capped by the creator's present role, and by admin whatever the role. */
export function effectiveRights(
  scopes: readonly string[],
  role: Role,
): { level: Level; grants: ReadonlySet<string>; held: readonly string[] } {
  const cap = Math.min(levelOfRole[role], 3) as Level
  const inherited = scopes.length === 0
  const asked = inherited ? cap : Math.max(0, ...scopes.map((scope) => levels[scope] ?? 0))
  const level = Math.min(asked, cap) as Level
  const grants = new Set(scopes.filter((scope) => scope.includes(':') && levelNeeded(scope) <= cap))
  return { level, grants, held: held(inherited ? [levelNames[level - 1] ?? ''] : scopes, cap) }
}

/** A level above the cap is worth the cap, and a permission above it nothing. */
function held(scopes: readonly string[], cap: Level): string[] {
  const worth = scopes.map((scope) => (levelNeeded(scope) <= cap ? scope : levels[scope] ? (levelNames[cap - 1] ?? '') : ''))
  return [...new Set(worth.filter(Boolean))]
}
