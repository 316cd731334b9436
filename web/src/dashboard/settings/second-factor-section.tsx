// The second factor: app, passkeys and recovery codes, each with what can be done about it now.
import type { Answer } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ShieldCheck, ShieldOff } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '../../api.ts'
import { secondFactor as text } from '../../strings/second-factor.ts'
import { Failure, SkeletonRows } from '../../ui/surface.tsx'
import { AppCard } from './app-card.tsx'
import { PasskeysCard } from './passkeys-card.tsx'
import { RecoveryCard } from './recovery-card.tsx'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'

export type Factors = Answer<'/api/v2/auth/session/mfa', 'get'>

const queryKey = ['settings', 'factors'] as const

export function useFactors() {
  const api = useApi()
  return useQuery({ queryKey, queryFn: () => api.request('GET', '/api/v2/auth/session/mfa') })
}

export function SecondFactorSection() {
  const queries = useQueryClient()
  const factors = useFactors()
  // Here alone, while they are shown: in no cache, and gone with the page.
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  if (factors.isError) return <Failure error={factors.error} onRetry={() => void factors.refetch()} />
  if (!factors.data) return <SkeletonRows />
  /** `codes` come with the first factor, and when new ones are made. */
  const onChanged = async (codes: readonly string[] | null = null) => {
    await queries.invalidateQueries({ queryKey })
    if (codes) setCodes(codes)
  }
  const { enrolled } = factors.data
  const Icon = enrolled ? ShieldCheck : ShieldOff
  return (
    <>
      <p className={`flex items-center gap-2 font-medium ${enrolled ? 'text-ok' : 'text-warn'}`}>
        <Icon aria-hidden size={18} className="shrink-0" />
        {enrolled ? text.on : text.off}
      </p>
      <AppCard factors={factors.data} onChanged={onChanged} />
      <PasskeysCard factors={factors.data} onChanged={onChanged} />
      <RecoveryCard factors={factors.data} onChanged={onChanged} />
      <RecoveryCodesDialog codes={codes} onClose={() => setCodes(null)} />
    </>
  )
}
