// Where the reset mail leads: the link is looked at first, and used up only by a password that will do.
import { useState } from 'react'
import { auth as text } from '../strings/auth.ts'
import { ButtonLink } from '../ui/button.tsx'
import { NewPasswordField } from '../ui/new-password.tsx'
import { Skeleton } from '../ui/surface.tsx'
import { isRefusal, openApi } from './auth-api.ts'
import { AuthPage, useLinkQuery } from './auth-page.tsx'
import { type Challenge, challengeOf, FactorStep } from './factor-step.tsx'
import { Fault, Submit } from './fields.tsx'
import { useLooked } from './use-looked.ts'
import { useSend } from './use-send.ts'

export function ResetPasswordPage() {
  const token = useLinkQuery()('token')
  const looked = useLooked(token, (query) => openApi().request('GET', '/api/v2/auth/session/password-reset/validate', { query }))
  const [challenge, setChallenge] = useState<Challenge | null>(null)
  const [gone, setGone] = useState(false)
  const again = (
    <div>
      <ButtonLink to="/auth/forgot-password" kind="primary">
        {text.reset.askAgain}
      </ButtonLink>
    </div>
  )
  if (challenge)
    return (
      <FactorStep
        challenge={challenge}
        onDone={() => location.assign('/dashboard')}
        onOver={() => location.assign('/auth/login?reason=reset')}
      />
    )
  if (token === '')
    return (
      <AuthPage title={text.reset.missing} lead={text.reset.missingLead}>
        {again}
      </AuthPage>
    )
  if (gone || looked.gone)
    return (
      <AuthPage title={text.reset.gone} lead={text.reset.goneLead}>
        {again}
      </AuthPage>
    )
  return (
    <AuthPage title={text.reset.title} lead={text.reset.lead}>
      {looked.fault !== null && <Fault>{looked.fault}</Fault>}
      {looked.found ? (
        <NewPasswordForm token={token} onGone={() => setGone(true)} onChallenge={setChallenge} />
      ) : (
        <Skeleton className="h-40" />
      )}
    </AuthPage>
  )
}

function NewPasswordForm({
  token,
  onGone,
  onChallenge,
}: {
  readonly token: string
  readonly onGone: () => void
  readonly onChallenge: (challenge: Challenge) => void
}) {
  const [typed, setTyped] = useState('')
  const { pending, fault, errors, onSubmit } = useSend(async ({ new_password = '' }) => {
    try {
      await openApi().request('POST', '/api/v2/auth/session/password-reset/complete', { body: { token, new_password } })
      location.assign('/dashboard')
    } catch (error) {
      const challenge = challengeOf(error)
      if (challenge) onChallenge(challenge)
      else if (isRefusal(error, 'TOKEN_EXPIRED')) onGone()
      else throw error
    }
  })
  return (
    <form onSubmit={onSubmit} noValidate className="grid gap-5">
      <NewPasswordField
        label={text.reset.password}
        name="new_password"
        typed={typed}
        onChange={(event) => setTyped(event.target.value)}
        required
        error={errors.new_password}
      />
      <Fault>{fault}</Fault>
      <Submit pending={pending}>{text.reset.submit}</Submit>
    </form>
  )
}
