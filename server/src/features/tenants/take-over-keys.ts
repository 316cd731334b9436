// Puts a person's keys under the owner's name, so that programs outlive the membership of who made their keys.
import { adoptKeys } from '../api-keys/queries.ts'
import { effectiveRights } from '../api-keys/scopes.ts'
import { type Actor, type ChangeDeps, changeTenant } from './change-tenant.ts'
import { findRole } from './queries.ts'
import { memberId, noSuchMember } from './remove-member.ts'

/**
 * A key without scopes has its creator's rights; under the owner's name it would gain, so it gets the scope that its creator's role
 * is worth now, or `inheritedScope` when they have left and nobody can say. Returns the ids of the keys taken over.
 */
export async function takeOverKeys(
  deps: ChangeDeps,
  actor: Actor,
  target: string,
  inheritedScope: 'read' | 'write' | 'admin',
): Promise<string[]> {
  const from = memberId(target)
  const { tenantId, userId } = actor
  return changeTenant(deps, actor, 'OWNER', async (trx, { now }) => {
    const role = await findRole(trx, tenantId, from)
    const inherited = role ? effectiveRights([], role).held : [inheritedScope]
    const ids = from === userId ? [] : await adoptKeys(trx, { tenantId, from, to: userId, inherited, at: new Date(now) })
    if (!role && ids.length === 0) throw noSuchMember()
    if (ids.length === 0) return { result: ids, changed: [], event: null }
    return {
      result: ids,
      changed: [{ kind: 'user', id: from }],
      event: {
        eventType: 'api_key.taken_over',
        action: 'api_key.take_over',
        resourceType: 'user',
        resourceId: from,
        metadata: { api_key_ids: ids, inherited_scopes: inherited },
      },
    }
  })
}
