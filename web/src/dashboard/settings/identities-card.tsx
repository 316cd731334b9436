// Accounts held elsewhere that open this one, and the providers that could.
import type { Answer } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { settings } from '../../strings/settings.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Card, explain, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useWithProof } from '../fresh.tsx'

const text = settings.identities
type Identity = Answer<'/api/v2/user/identities', 'get'>[number]
const queryKey = ['settings', 'identities'] as const

export function IdentitiesCard() {
  const api = useApi()
  const found = useQuery({
    queryKey,
    queryFn: async () => {
      const [identities, providers] = await Promise.all([
        api.request('GET', '/api/v2/user/identities'),
        api.request('GET', '/api/v2/auth/session/providers'),
      ])
      // One that the operator took away since can still be unlinked.
      const left = identities.filter(({ provider }) => !providers.some(({ name }) => name === provider))
      return [...providers, ...left.map(({ provider }) => ({ name: provider, label: provider }))].map((provider) => ({
        ...provider,
        identity: identities.find((identity) => identity.provider === provider.name),
      }))
    },
  })
  return (
    <Card title={text.title} lead={text.lead}>
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <SkeletonRows rows={1} />}
      {found.data?.length === 0 && (
        <p className="text-muted">
          {text.none}{' '}
          <a href="/docs/sign-in-with-google" className="text-accent underline">
            {text.guide}
          </a>
          .
        </p>
      )}
      {found.data && found.data.length > 0 && (
        <ul className="divide-y divide-line">
          {found.data.map((provider) => (
            <ProviderRow key={provider.name} {...provider} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function ProviderRow({
  name,
  label,
  identity,
}: {
  readonly name: string
  readonly label: string
  readonly identity: Identity | undefined
}) {
  const api = useApi()
  const withProof = useWithProof()
  const queries = useQueryClient()
  const toast = useToast()
  const [asking, setAsking] = useState(false)
  const [pending, setPending] = useState(false)
  const [fault, setFault] = useState<string | null>(null)

  async function attempt(deed: () => Promise<void>): Promise<void> {
    setPending(true)
    setFault(null)
    await deed()
      .catch((error: unknown) => setFault(explain(error).message))
      .finally(() => setPending(false))
  }
  const link = () =>
    attempt(async () => {
      const query = { action: 'link', next: '/dashboard/settings?section=sign-in' } as const
      const { authorization_url } = await withProof(() =>
        name === 'google'
          ? api.request('POST', '/api/v2/auth/session/google/initiate', { query })
          : api.request('POST', '/api/v2/auth/session/oidc/{provider}/initiate', { params: { provider: name }, query }),
      )
      location.assign(authorization_url)
    })
  const unlink = () =>
    attempt(async () => {
      await withProof(() => api.request('DELETE', '/api/v2/user/identities/{provider}', { params: { provider: name } }))
      await queries.invalidateQueries({ queryKey })
      setAsking(false)
      toast({ title: text.unlinked(label) })
    })
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="font-medium">{label}</p>
        <p className="text-[0.8125rem] break-words text-muted">
          {identity ? (
            <>
              {identity.email} · {text.since} <Time at={identity.created_at} /> · {text.used} <Time at={identity.last_used_at} />
            </>
          ) : (
            text.notLinked
          )}
        </p>
        {fault && !asking && (
          <p role="alert" className="mt-1 text-danger">
            {fault}
          </p>
        )}
      </div>
      {identity ? (
        <Button size="small" kind="danger" aria-label={text.unlinkNamed(label)} onClick={() => setAsking(true)}>
          {text.unlink}
        </Button>
      ) : (
        <Button size="small" aria-label={text.linkNamed(label)} pending={pending} onClick={() => void link()}>
          {text.link}
        </Button>
      )}
      {identity && (
        <ConfirmDialog
          open={asking}
          onOpenChange={setAsking}
          title={text.unlinkTitle(label)}
          description={text.unlinkText(identity.email)}
          action={text.unlink}
          pending={pending}
          error={fault}
          onConfirm={() => void unlink()}
        />
      )}
    </li>
  )
}
