// For who forgot the password: known and unknown addresses are answered alike.
import { useState } from 'react'
import { auth as text } from '../strings/auth.ts'
import { TextField } from '../ui/field.tsx'
import { openApi } from './auth-api.ts'
import { AuthPage, PageLink } from './auth-page.tsx'
import { MailboxLink } from './check-mail.tsx'
import { Fault, Submit } from './fields.tsx'
import { useSend } from './use-send.ts'

export function ForgotPasswordPage() {
  const [sentTo, setSentTo] = useState<string | null>(null)
  const { pending, fault, errors, onSubmit } = useSend(async ({ email = '' }) => {
    await openApi().request('POST', '/api/v2/auth/session/password-reset/request', { body: { email } })
    setSentTo(email)
  })
  const back = <PageLink to="/auth/login">{text.forgot.back}</PageLink>
  if (sentTo !== null)
    return (
      <AuthPage title={text.forgot.done} lead={text.forgot.doneLead(sentTo)} foot={back}>
        <MailboxLink email={sentTo} />
      </AuthPage>
    )
  return (
    <AuthPage title={text.forgot.title} lead={text.forgot.lead} foot={back}>
      <form onSubmit={onSubmit} noValidate className="grid gap-5">
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
        <Submit pending={pending}>{text.forgot.submit}</Submit>
      </form>
    </AuthPage>
  )
}
