// Who belongs to the workspace and who is invited, and what is asked anew after a change.
import type { Member } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useApi } from '../../api.ts'
import { explain } from '../../ui/surface.tsx'
import { useWithProof } from '../fresh.tsx'
import { useKeys } from '../keys/key-queries.ts'

export type { Member }

export function useMembers() {
  const api = useApi()
  return useQuery({ queryKey: ['members'], queryFn: () => api.request('GET', '/api/v2/tenant/members') })
}

export function useRefreshTeam(): () => Promise<unknown> {
  const queries = useQueryClient()
  return useCallback(
    () => Promise.all(['members', 'session', 'keys'].map((area) => queries.invalidateQueries({ queryKey: [area] }))),
    [queries],
  )
}

/** Of one person; undefined while nobody knows. */
export function useActiveKeyCount(userId: string): number | undefined {
  const { data } = useKeys(false)
  return data?.filter(({ created_by }) => created_by === userId).length
}

/** One deed of a dialog: under way, done, or refused with a sentence. What was given up at the proof is no refusal. */
export function useDeed(deed: () => Promise<void>) {
  const withProof = useWithProof()
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const run = async () => {
    setPending(true)
    setError(null)
    try {
      await withProof(deed)
    } catch (failure) {
      setError(explain(failure).message)
    }
    setPending(false)
  }
  return { run: () => void run(), pending, error }
}
