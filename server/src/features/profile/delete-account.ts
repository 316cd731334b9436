// Ends an account for good: its workspaces, their keys, members and files go with it, and every server has heard before the answer.
import type { Deps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { Change } from '../../platform/changes.ts'
import { givingWay } from '../../platform/database/give-way.ts'
import { findUserById } from '../accounts/queries.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Client } from '../sessions/start-session.ts'
import { mailNotice } from './mails.ts'
import { deleteTenants, deleteUser, lockOwnedTenants, tenantsOf } from './queries.ts'

/** SQLSTATE. */
const foreignKeyViolation = '23503'
const confirmationText = 'delete my account'

export async function deleteAccount(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'jobs'>,
  userId: string,
  confirmation: string,
  client: Client,
): Promise<void> {
  if (confirmation !== confirmationText)
    throw new ApiError('BAD_REQUEST', `To delete the account, send exactly '${confirmationText}' as confirmation.`)
  const { db, clock, audit, changes, jobs } = deps
  const at = clock.now()
  const gone = await givingWay(db, async (trx) => {
    const owned = await lockOwnedTenants(trx, userId)
    const user = await findUserById(trx, userId)
    if (!user) throw new ApiError('NOT_FOUND', 'There is no such account any more.')
    const elsewhere = (await tenantsOf(trx, userId)).filter((id) => !owned.includes(id))
    await deleteTenants(trx, owned)
    await deleteUser(trx, userId).catch((error: { code?: string }) => {
      // Somebody's workspace became theirs after theirs were counted.
      if (error.code === foreignKeyViolation)
        throw new ApiError('CONFLICT', 'A workspace was handed to you just now. Look at your workspaces, then try again.')
      throw error
    })
    for (const tenantId of owned) await jobs.add(trx, 'delete-objects', { tenant_id: tenantId })
    await mailNotice(deps, trx, 'account_deleted', user.email)
    const gone: Change[] = [{ kind: 'user', id: userId }, ...owned.map((id) => ({ kind: 'tenant' as const, id }))]
    for (const change of gone) await changes.publish(trx, change)
    // The trails of the workspaces that went stay until their retention ends.
    const deed = { action: 'user.delete', result: 'success', userId, ip: client.ip, at } as const
    for (const tenantId of owned)
      await recordEvent(trx, audit, {
        ...deed,
        tenantId,
        eventType: 'tenant.deleted',
        resourceType: 'tenant',
        resourceId: tenantId,
      })
    for (const tenantId of elsewhere)
      await recordEvent(trx, audit, { ...deed, tenantId, eventType: 'user.deleted', resourceType: 'user', resourceId: userId })
    return gone
  })
  for (const change of gone) changes.apply(change)
}
