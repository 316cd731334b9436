// Where the verification mail leads.
import { useState } from 'react'
import { cameSignedIn } from '../arrival.ts'
import { auth as text } from '../strings/auth.ts'
import { Button, ButtonLink, buttonClass } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Notice } from '../ui/surface.tsx'
import { openApi } from './auth-api.ts'
import { AuthPage } from './auth-page.tsx'
import { MailboxLink } from './check-mail.tsx'
import { Fault } from './fields.tsx'
import { LinkStep } from './link-step.tsx'
import { useSend } from './use-send.ts'

export function VerifyEmailPage() {
  return (
    <LinkStep
      words={text.verify}
      complete={async (token) => {
        await openApi().request('POST', '/api/v2/auth/session/verify-email', { body: { token } })
      }}
      done={
        <AuthPage title={text.verify.done} lead={cameSignedIn() ? text.verify.doneSignedIn : text.verify.doneLead}>
          <div>
            {cameSignedIn() ? (
              <a href="/dashboard" className={buttonClass('primary')}>
                {text.toDashboard}
              </a>
            ) : (
              <ButtonLink to="/auth/login" kind="primary">
                {text.toSignIn}
              </ButtonLink>
            )}
          </div>
        </AuthPage>
      }
      wayOut={<AskAgain />}
    />
  )
}

function AskAgain() {
  const [asked, setAsked] = useState<string | null>(null)
  const { pending, fault, errors, onSubmit } = useSend(async ({ email = '' }) => {
    await openApi().request('POST', '/api/v2/auth/session/resend-verification-by-email', { body: { email } })
    setAsked(email)
  })
  return (
    <>
      <form onSubmit={onSubmit} noValidate className="grid gap-4">
        <TextField
          label={text.email}
          name="email"
          type="email"
          autoComplete="username"
          spellCheck={false}
          maxLength={255}
          required
          error={errors.email}
        />
        <Fault>{fault}</Fault>
        <div className="flex flex-wrap gap-3">
          <Button kind="primary" type="submit" pending={pending}>
            {text.verify.ask}
          </Button>
          <ButtonLink to="/auth/login">{text.toSignIn}</ButtonLink>
        </div>
      </form>
      <div role="status" className="grid gap-4 empty:hidden">
        {asked !== null && (
          <>
            <Notice tone="ok">{text.verify.asked(asked)}</Notice>
            <MailboxLink email={asked} />
          </>
        )}
      </div>
    </>
  )
}
