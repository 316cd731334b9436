// Refusals that a person can do something about carry the way out, wherever they are shown.
import { AionvisionError } from '@aionvision/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useApi } from '../api.ts'
import { fresh } from '../strings/fresh.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { explain, FailureHelp } from '../ui/surface.tsx'
import { useToast } from '../ui/toast.tsx'
import { proofWanted, useWithProof } from './fresh.tsx'

const text = fresh.help

export function FailureHelpProvider({ children }: { readonly children: ReactNode }) {
  return <FailureHelp value={helpFor}>{children}</FailureHelp>
}

function helpFor(error: unknown): ReactNode {
  if (!(error instanceof AionvisionError)) return null
  if (proofWanted(error)) return <Prove error={error} />
  if (error.code === 'EMAIL_NOT_VERIFIED') return <Resend />
  if (error.code !== 'MFA_REQUIRED') return null
  return (
    <Link to="/dashboard/settings" search={{ section: 'second-factor' } as never} className={buttonClass('primary', 'small')}>
      {text.enrol}
    </Link>
  )
}

/** What was refused is asked for again, everywhere on the page. */
function Prove({ error }: { readonly error: AionvisionError }) {
  const withProof = useWithProof()
  const queries = useQueryClient()
  const [asked, setAsked] = useState(false)
  const prove = async () => {
    let refused = false
    setAsked(true)
    await withProof(async () => {
      if (refused) return
      refused = true
      throw error
    }).then(
      () => queries.invalidateQueries(),
      () => {},
    )
    setAsked(false)
  }
  return (
    <Button kind="primary" size="small" pending={asked} onClick={() => void prove()}>
      {text.prove}
    </Button>
  )
}

function Resend() {
  const api = useApi()
  const toast = useToast()
  const [sent, setSent] = useState(false)
  const resend = () =>
    api.request('POST', '/api/v2/auth/session/resend-verification').then(
      () => {
        setSent(true)
        toast({ title: text.resent })
      },
      (error: unknown) => toast({ title: explain(error).message, kind: 'failed' }),
    )
  return (
    <Button kind="primary" size="small" pending={sent} onClick={() => void resend()}>
      {text.resend}
    </Button>
  )
}
