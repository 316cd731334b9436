// Who is signed in with an address that is not verified yet: the way to the mail, until the link was followed, wherever that was.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { createApi } from '../api.ts'
import { CheckMail } from '../auth/check-mail.tsx'
import { auth as text } from '../strings/auth.ts'
import { SkeletonRows } from '../ui/surface.tsx'

const askEveryMs = 4_000

export function VerifyFirst() {
  const api = useMemo(() => createApi(null), [])
  const queries = useQueryClient()
  const person = useQuery({
    queryKey: ['unverified'],
    queryFn: async () => {
      const me = await api.request('GET', '/api/v2/auth/session/me')
      if (me.email_verified) void queries.invalidateQueries({ queryKey: ['session'] })
      return me
    },
    refetchInterval: askEveryMs,
  })
  if (!person.data) return <SkeletonRows rows={3} />
  const { email } = person.data
  return <CheckMail email={email} title={text.checkMail.unverifiedTitle} lead={text.checkMail.unverified(email)} />
}
