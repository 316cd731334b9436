// Where a person approves a command line that asks to be signed in: what asks, from where, and two buttons.
import type { Answer } from '@aionvision/sdk'
import { useEffect, useState } from 'react'
import { cameSignedIn } from '../arrival.ts'
import { auth as text } from '../strings/auth.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Notice, Skeleton } from '../ui/surface.tsx'
import { Time } from '../ui/time.tsx'
import { isRefusal, openApi, sentenceFor } from './auth-api.ts'
import { AuthPage, useLinkQuery } from './auth-page.tsx'
import { Fault, Submit } from './fields.tsx'
import { useSend } from './use-send.ts'

interface Asked {
  readonly login: Answer<'/api/v2/auth/session/cli/{user_code}', 'get'>
  readonly email: string
}

/** There and back: with a proof that is not older than this sign-in. */
function signInFirst(code: string, reason: 'proof' | ''): void {
  const next = code === '' ? '/auth/cli' : `/auth/cli?code=${encodeURIComponent(code)}`
  const query = new URLSearchParams({ next, ...(reason !== '' && { reason }) })
  location.assign(`/auth/login?${query}`)
}

export function CliPage() {
  const [code, setCode] = useState(useLinkQuery()('code'))
  const [asked, setAsked] = useState<Asked | null>(null)
  const [decided, setDecided] = useState<'approved' | 'refused' | null>(null)
  const [gone, setGone] = useState(false)
  const [fault, setFault] = useState<string | null>(null)

  useEffect(() => {
    if (!cameSignedIn()) signInFirst(code, '')
    else if (code !== '')
      look(code).then(setAsked, (error) => {
        if (isRefusal(error, 'INVALID_SESSION', 'MISSING_CREDENTIALS')) return signInFirst(code, '')
        setCode('')
        if (isRefusal(error, 'TOKEN_EXPIRED')) setGone(true)
        else setFault(sentenceFor(error))
      })
  }, [code])

  if (decided)
    return <AuthPage title={text.cli[decided]} lead={decided === 'approved' ? text.cli.approvedLead : text.cli.refusedLead} />
  if (code === '')
    return (
      <EnterCode
        gone={gone}
        fault={fault}
        onCode={(typed) => {
          setGone(false)
          setFault(null)
          setCode(typed)
        }}
      />
    )
  if (!asked)
    return (
      <AuthPage title={text.cli.title}>
        <Skeleton className="h-48" />
      </AuthPage>
    )
  return (
    <Decision
      asked={asked}
      onDecided={setDecided}
      onGone={() => {
        setAsked(null)
        setCode('')
        setGone(true)
      }}
    />
  )
}

async function look(user_code: string): Promise<Asked> {
  const api = openApi()
  const [login, { email }] = await Promise.all([
    api.request('GET', '/api/v2/auth/session/cli/{user_code}', { params: { user_code } }),
    api.request('GET', '/api/v2/auth/session/me'),
  ])
  return { login, email }
}

function EnterCode({
  gone,
  fault,
  onCode,
}: {
  readonly gone: boolean
  readonly fault: string | null
  readonly onCode: (code: string) => void
}) {
  const { errors, pending, onSubmit } = useSend(async ({ code = '' }) => onCode(code.trim()))
  return (
    <AuthPage title={text.cli.title}>
      {gone && <Notice tone="danger">{text.cli.gone}</Notice>}
      <Fault>{fault}</Fault>
      <form onSubmit={onSubmit} noValidate className="grid gap-5">
        <TextField
          label={text.cli.enter}
          name="code"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={32}
          placeholder="BCDF-GHJK"
          required
          error={errors.code}
          className="font-mono tracking-widest uppercase"
        />
        <Submit pending={pending}>{text.cli.go}</Submit>
      </form>
    </AuthPage>
  )
}

function Decision({
  asked: { login, email },
  onDecided,
  onGone,
}: {
  readonly asked: Asked
  readonly onDecided: (decided: 'approved' | 'refused') => void
  readonly onGone: () => void
}) {
  const { pending, fault, run } = useSend()
  const decide = (approve: boolean) =>
    run(async () => {
      try {
        const body = { user_code: login.user_code, approve }
        const { redirect_uri } = await openApi().request('POST', '/api/v2/auth/session/cli/approve', { body })
        onDecided(approve ? 'approved' : 'refused')
        // The command line listens there, on this machine.
        if (redirect_uri) location.assign(redirect_uri)
      } catch (error) {
        if (isRefusal(error, 'TOKEN_EXPIRED')) onGone()
        else if (isRefusal(error, 'REAUTHENTICATION_REQUIRED')) signInFirst(login.user_code, 'proof')
        else throw error
      }
    })
  const facts = [
    [text.cli.calls, login.client_name],
    [text.cli.from, login.ip_address],
    [text.cli.acts, text.cli.actsFor(email)],
  ] as const
  return (
    <AuthPage title={text.cli.askTitle}>
      <div className="rounded-card border border-line bg-raised">
        <p className="border-b border-line px-5 py-5 text-center">
          <span className="block text-[0.8125rem] text-muted">{text.cli.code}</span>
          <span className="font-mono text-2xl font-semibold tracking-[0.12em]">{login.user_code}</span>
        </p>
        <dl className="grid gap-3 p-5">
          {facts.map(([term, value]) => (
            <div key={term} className="grid gap-x-4 sm:grid-cols-[7.5rem_1fr]">
              <dt className="text-muted">{term}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ))}
          <div className="grid gap-x-4 sm:grid-cols-[7.5rem_1fr]">
            <dt className="text-muted">{text.cli.expires}</dt>
            <dd>
              <Time at={login.expires_at} />
            </dd>
          </div>
        </dl>
      </div>
      <p>{text.cli.warning}</p>
      <Fault>{fault}</Fault>
      <div className="flex flex-wrap gap-3">
        <Button kind="primary" pending={pending} onClick={() => void decide(true)}>
          {text.cli.approve}
        </Button>
        <Button pending={pending} onClick={() => void decide(false)}>
          {text.cli.refuse}
        </Button>
      </div>
    </AuthPage>
  )
}
