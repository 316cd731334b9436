// Where somebody is signed in: each session with its device and address, and the way to end it.
import type { Answer } from '@aionvision/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Laptop, Smartphone, SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { settings } from '../../strings/settings.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Badge, Card, explain, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'

const text = settings.sessions
type Session = Answer<'/api/v2/auth/session/sessions', 'get'>[number]
const queryKey = ['settings', 'sessions'] as const

export function SessionsSection() {
  const api = useApi()
  const sessions = useQuery({
    queryKey,
    queryFn: () => api.request('GET', '/api/v2/auth/session/sessions'),
    // The one in use first, then by when they were used.
    select: (all) =>
      all.toSorted(
        (one, other) =>
          Number(other.is_current) - Number(one.is_current) || other.last_accessed_at.localeCompare(one.last_accessed_at),
      ),
  })
  if (sessions.isError) return <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />
  return (
    <Card title={text.list} actions={sessions.data && <RevokeOthers others={sessions.data.length - 1} />}>
      {sessions.isPending ? (
        <SkeletonRows rows={3} />
      ) : (
        <ul className="divide-y divide-line">
          {sessions.data.map((session) => (
            <SessionRow key={session.session_id} session={session} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function deviceIcon(name: string) {
  if (/iPhone|iPad|Android/.test(name)) return Smartphone
  return /curl|Python|Unknown/.test(name) ? SquareTerminal : Laptop
}

function SessionRow({ session }: { readonly session: Session }) {
  const api = useApi()
  const queries = useQueryClient()
  const toast = useToast()
  const { session_id, device_name, ip_address, is_current } = session
  const revoke = useMutation({
    mutationFn: () => api.request('DELETE', '/api/v2/auth/session/sessions/{session_id}', { params: { session_id } }),
    onMutate: async () => {
      await queries.cancelQueries({ queryKey })
      const before = queries.getQueryData<Session[]>(queryKey)
      queries.setQueryData<Session[]>(queryKey, (all) => all?.filter((one) => one.session_id !== session_id))
      return { before }
    },
    onSuccess: () => toast({ title: text.revoked(device_name) }),
    onError: (error, _, context) => {
      queries.setQueryData(queryKey, context?.before)
      toast({ title: explain(error).message, kind: 'failed' })
    },
    onSettled: () => queries.invalidateQueries({ queryKey }),
  })
  const Icon = deviceIcon(device_name)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3.5 first:pt-0 last:pb-0">
      <Icon aria-hidden size={20} className="shrink-0 text-muted" />
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className="font-medium">{device_name}</span>
          <span className="font-mono text-[0.8125rem] text-muted">{ip_address}</span>
          {is_current && <Badge tone="ok">{text.here}</Badge>}
        </p>
        <p className="text-[0.8125rem] text-muted">
          {text.signedIn} <Time at={session.created_at} /> · {text.lastUsed} <Time at={session.last_accessed_at} /> · {text.ends}{' '}
          <Time at={session.expires_at} />
        </p>
      </div>
      <Button
        size="small"
        className="max-sm:ml-9"
        aria-label={text.revokeNamed(device_name, ip_address)}
        disabledReason={is_current ? text.own : null}
        onClick={() => revoke.mutate()}
      >
        {text.revoke}
      </Button>
    </li>
  )
}

function RevokeOthers({ others }: { readonly others: number }) {
  const api = useApi()
  const queries = useQueryClient()
  const toast = useToast()
  const [asking, setAsking] = useState(false)
  const revoke = useMutation({
    mutationFn: () => api.sessions.revokeOthers(),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey })
      setAsking(false)
      toast({ title: text.revokedOthers })
    },
  })
  return (
    <>
      <Button size="small" kind="danger" disabledReason={others > 0 ? null : text.onlyOne} onClick={() => setAsking(true)}>
        {text.revokeOthers}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={text.revokeOthersTitle}
        description={text.revokeOthersText}
        action={text.revokeOthers}
        pending={revoke.isPending}
        error={revoke.error && explain(revoke.error).message}
        onConfirm={() => revoke.mutate()}
      />
    </>
  )
}
