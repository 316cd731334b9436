// Signing in: password, passkey or provider, then the second factor of whoever has one, and on to where they were going.
import type { Answer } from '@aionvision/sdk'
import { useEffect, useState } from 'react'
import { cameSignedIn, localPath } from '../arrival.ts'
import { askPasskey, passkeysWork, wasGivenUp } from '../passkey.ts'
import { auth as text } from '../strings/auth.ts'
import { Button } from '../ui/button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Notice } from '../ui/surface.tsx'
import { openApi } from './auth-api.ts'
import { AuthPage, PageLink, textLink, useLinkQuery } from './auth-page.tsx'
import { CheckMail } from './check-mail.tsx'
import { type Challenge, challengeOf, FactorStep } from './factor-step.tsx'
import { Fault, PasswordField, Submit } from './fields.tsx'
import { useSend } from './use-send.ts'

type SignedIn = Answer<'/api/v2/auth/session/login', 'post'>

export function LoginPage() {
  const query = useLinkQuery()
  const next = localPath(query('next'))
  const [challenge, setChallenge] = useState<Challenge | null>(() => challengeFromLink(query))
  const [unverified, setUnverified] = useState<string | null>(null)
  const [over, setOver] = useState(false)
  const goOn = ({ email, email_verified }: SignedIn) => {
    // Nothing but the way to the mailbox is open until then.
    if (email_verified) location.assign(next)
    else setUnverified(email)
  }
  if (unverified !== null)
    return <CheckMail email={unverified} title={text.checkMail.unverifiedTitle} lead={text.checkMail.unverified(unverified)} />
  if (challenge)
    return (
      <FactorStep
        challenge={challenge}
        onDone={goOn}
        onOver={(expired) => {
          setChallenge(null)
          setOver(expired)
        }}
      />
    )
  return (
    <AuthPage
      title={text.login.title}
      foot={
        <>
          {text.login.none} <PageLink to="/auth/register">{text.login.register}</PageLink>
        </>
      }
    >
      <WhyHere reason={query('reason')} error={over ? '' : query('error')} next={next} over={over} />
      <PasswordForm onDone={goOn} onChallenge={setChallenge} />
      <OtherWays next={next} onDone={goOn} />
    </AuthPage>
  )
}

/** After a provider the challenge is in a cookie that only the API is sent. */
function challengeFromLink(query: (name: string) => string): Challenge | null {
  return query('error') === 'MFA_REQUIRED' ? { token: null, methods: query('methods').split(',') } : null
}

function WhyHere({
  reason,
  error,
  next,
  over,
}: {
  readonly reason: string
  readonly error: string
  readonly next: string
  readonly over: boolean
}) {
  if (over) return <Notice tone="warn">{text.factor.over}</Notice>
  // Own properties only: a link may say "constructor".
  if (error !== '')
    return (
      <Notice tone="danger">{Object.hasOwn(text.login.errors, error) ? text.login.errors[error] : text.login.otherError}</Notice>
    )
  if (Object.hasOwn(text.login.reasons, reason)) return <Notice>{text.login.reasons[reason]}</Notice>
  if (!cameSignedIn()) return null
  return (
    <Notice>
      {text.login.signedIn}{' '}
      <a href={next} className={textLink}>
        {text.toDashboard}
      </a>
    </Notice>
  )
}

function PasswordForm({
  onDone,
  onChallenge,
}: {
  readonly onDone: (answer: SignedIn) => void
  readonly onChallenge: (challenge: Challenge) => void
}) {
  const { pending, fault, errors, onSubmit } = useSend(async ({ email = '', password = '', remember_me }) => {
    const body = { email, password, remember_me: remember_me === 'on' }
    try {
      onDone(await openApi().request('POST', '/api/v2/auth/session/login', { body }))
    } catch (error) {
      const challenge = challengeOf(error)
      if (!challenge) throw error
      onChallenge(challenge)
    }
  })
  return (
    <form onSubmit={onSubmit} noValidate className="grid gap-5">
      <TextField
        label={text.email}
        name="email"
        type="email"
        autoComplete="username webauthn"
        spellCheck={false}
        maxLength={255}
        required
        error={errors.email}
      />
      <PasswordField
        label={text.password}
        name="password"
        maxLength={1024}
        required
        error={errors.password}
        beside={<PageLink to="/auth/forgot-password">{text.login.forgot}</PageLink>}
      />
      <Choice name="remember_me" label={text.login.remember} />
      <Fault>{fault}</Fault>
      <Submit pending={pending}>{text.login.submit}</Submit>
    </form>
  )
}

function OtherWays({ next, onDone }: { readonly next: string; readonly onDone: (answer: SignedIn) => void }) {
  const providers = useProviders()
  const { pending, fault, run, setFault } = useSend()
  const passkey = () =>
    run(async () => {
      const api = openApi()
      const { challenge_id, options } = await api.request('POST', '/api/v2/auth/session/mfa/passkeys/sign-in/options')
      try {
        const response = await askPasskey(options)
        onDone(
          await api.request('POST', '/api/v2/auth/session/mfa/passkeys/sign-in', { body: { challenge_id, response } as never }),
        )
      } catch (error) {
        if (!wasGivenUp(error)) throw error
        setFault(text.login.passkeyGivenUp)
      }
    })
  const elsewhere = (name: string) =>
    run(async () => {
      const { authorization_url } = await (name === 'google'
        ? openApi().request('POST', '/api/v2/auth/session/google/initiate', { query: { next } })
        : openApi().request('POST', '/api/v2/auth/session/oidc/{provider}/initiate', {
            params: { provider: name },
            query: { next },
          }))
      location.assign(authorization_url)
    })
  if (!passkeysWork() && providers.length === 0) return null
  return (
    <div className="grid gap-3">
      <div aria-hidden className="flex items-center gap-3 text-[0.8125rem] text-muted">
        <span className="h-px flex-1 bg-line" />
        {text.or}
        <span className="h-px flex-1 bg-line" />
      </div>
      <Fault>{fault}</Fault>
      {passkeysWork() && (
        <Button className="w-full" pending={pending} onClick={() => void passkey()}>
          {text.login.passkey}
        </Button>
      )}
      {providers.map(({ name, label }) => (
        <Button key={name} className="w-full" pending={pending} onClick={() => void elsewhere(name)}>
          {text.login.provider(label)}
        </Button>
      ))}
    </div>
  )
}

function useProviders(): Answer<'/api/v2/auth/session/providers', 'get'> {
  const [providers, setProviders] = useState<Answer<'/api/v2/auth/session/providers', 'get'>>([])
  useEffect(() => {
    // Without them there is still the password.
    openApi()
      .request('GET', '/api/v2/auth/session/providers')
      .then(setProviders, () => {})
  }, [])
  return providers
}
