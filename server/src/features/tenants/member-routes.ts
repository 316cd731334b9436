// /tenant/members: who belongs, who is asked to, and who may change that; leaving; and handing the workspace or a member's keys on.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import type { Access } from '../../http/access.ts'
import { tenantOf } from '../../http/principal.ts'
import { refusal } from '../../http/refusal.ts'
import { changeRole } from './change-role.ts'
import { actorOf } from './change-tenant.ts'
import { listOpenInvitations } from './invitation-queries.ts'
import { inviteMember } from './invite-member.ts'
import { listMembers } from './member-queries.ts'
import { presentInvitation, presentMember } from './member-view.ts'
import { leaveTenant, removeMember } from './remove-member.ts'
import {
  detailResponse,
  inviteBody,
  memberParams,
  memberResponse,
  membersResponse,
  roleBody,
  takeOverBody,
  takeOverResponse,
  transferBody,
} from './schemas.ts'
import { takeOverKeys } from './take-over-keys.ts'
import { transferOwnership } from './transfer-ownership.ts'

const tags = ['tenant']
const view: { access: Access } = { access: { credential: 'session', permission: 'VIEW' } }
const owner: { access: Access } = { access: { credential: 'session', permission: 'OWNER', fresh: true } }
const manage = (count: number, fresh: boolean): { access: Access } => ({
  access: { credential: 'session', permission: 'ADMIN', limit: { count, seconds: 60 }, ...(fresh && { fresh: true }) },
})

export function memberRoutes(
  deps: Pick<Deps, 'db' | 'clock' | 'audit' | 'changes' | 'secrets' | 'jobs'>,
): FastifyPluginAsyncTypebox {
  const { db, clock } = deps
  return async (app) => {
    app.get(
      '/tenant/members',
      { config: view, schema: { tags, summary: 'Members and open invitations', response: { 200: membersResponse } } },
      async (request) => {
        const { tenantId } = tenantOf(request)
        const [members, invitations] = await Promise.all([
          listMembers(db, tenantId),
          listOpenInvitations(db, tenantId, new Date(clock.now())),
        ])
        return [...members.map(presentMember), ...invitations.map(presentInvitation)]
      },
    )

    app.post(
      '/tenant/members/invite',
      {
        config: manage(5, false),
        schema: {
          tags,
          summary: 'Invite an address by mail',
          body: inviteBody,
          response: { 200: memberResponse, 409: refusal('A member already') },
        },
      },
      async (request) => {
        const { email, role = 'viewer' } = request.body
        return presentInvitation(await inviteMember(deps, actorOf(request), { email, role }))
      },
    )

    app.patch(
      '/tenant/members/:user_id/role',
      {
        config: manage(10, true),
        schema: {
          tags,
          summary: 'Give a member or an open invitation another role',
          params: memberParams,
          body: roleBody,
          response: { 200: memberResponse, 409: refusal('The owner keeps that role') },
        },
      },
      async (request) => changeRole(deps, actorOf(request), request.params.user_id, request.body.role),
    )

    app.delete(
      '/tenant/members/:user_id',
      {
        config: manage(5, true),
        schema: {
          tags,
          summary: 'Remove a member, or withdraw an invitation',
          params: memberParams,
          response: { 200: detailResponse, 409: refusal('The owner, or oneself') },
        },
      },
      async (request) => {
        await removeMember(deps, actorOf(request), request.params.user_id)
        return { detail: 'Member removed successfully' }
      },
    )

    app.post(
      '/tenant/members/:user_id/take-over-keys',
      {
        config: owner,
        schema: {
          tags,
          summary: 'Put a member’s active keys, present or past, under your own name',
          params: memberParams,
          body: Type.Union([takeOverBody, Type.Null()]),
          response: { 200: takeOverResponse },
        },
      },
      async (request) => {
        const ids = await takeOverKeys(deps, actorOf(request), request.params.user_id, request.body?.inherited_scope ?? 'read')
        return { taken_over: ids.length, api_key_ids: ids }
      },
    )

    app.post(
      '/tenant/leave',
      {
        config: view,
        schema: { tags, summary: 'Leave the workspace', response: { 200: detailResponse, 409: refusal('The owner') } },
      },
      async (request) => {
        await leaveTenant(deps, actorOf(request))
        return { detail: 'You left the workspace' }
      },
    )

    app.post(
      '/tenant/transfer-ownership',
      {
        config: owner,
        schema: {
          tags,
          summary: 'Make another member the owner',
          body: transferBody,
          response: { 200: detailResponse, 409: refusal('The owner already') },
        },
      },
      async (request) => {
        await transferOwnership(deps, actorOf(request), request.body.user_id)
        return { detail: 'Ownership transferred' }
      },
    )
  }
}
