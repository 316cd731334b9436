// Who is signed in, in which workspace, and what that person may do there.
import type { Answer } from '@aionvision/sdk'
import { createContext, useContext } from 'react'

export type Workspace = Answer<'/api/v2/user/tenants', 'get'>['tenants'][number]
export type Role = Workspace['role']

const levels: Readonly<Record<Role, number>> = { viewer: 1, editor: 2, admin: 3, owner: 4 }

export interface SignedIn {
  readonly user: Answer<'/api/v2/auth/session/me', 'get'>
  readonly workspaces: readonly Workspace[]
  /** The one that everything on the page is about. */
  readonly workspace: Workspace
  readonly switchWorkspace: (id: string) => void
}

export const SessionContext = createContext<SignedIn | null>(null)

export function useSession(): SignedIn {
  const session = useContext(SessionContext)
  if (!session) throw new Error('There is no SessionContext around this.')
  return session
}

/** Whether the role in this workspace holds another: an owner may what an admin may. */
export function holds(workspace: Workspace, role: Role): boolean {
  return levels[workspace.role] >= levels[role]
}
