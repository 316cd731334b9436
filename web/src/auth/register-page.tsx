// Signing up: three fields, then the way to the mailbox.
import { useState } from 'react'
import { auth as text } from '../strings/auth.ts'
import { TextField } from '../ui/field.tsx'
import { NewPasswordField } from '../ui/new-password.tsx'
import { openApi } from './auth-api.ts'
import { AuthPage, PageLink } from './auth-page.tsx'
import { CheckMail } from './check-mail.tsx'
import { Fault, Submit } from './fields.tsx'
import { useSend } from './use-send.ts'

export function RegisterPage() {
  const [sentTo, setSentTo] = useState<string | null>(null)
  const [typed, setTyped] = useState('')
  const { pending, fault, errors, onSubmit } = useSend(async ({ name = '', email = '', password = '', organization_name }) => {
    const body = { name, email, password, organization_name: organization_name || null }
    await openApi().request('POST', '/api/v2/auth/session/register', { body })
    setTyped('')
    setSentTo(email)
  })
  if (sentTo !== null) return <CheckMail email={sentTo} onAgain={() => setSentTo(null)} />
  return (
    <AuthPage
      title={text.register.title}
      lead={text.register.lead}
      foot={
        <>
          {text.register.have} <PageLink to="/auth/login">{text.toSignIn}</PageLink>
        </>
      }
    >
      <form onSubmit={onSubmit} noValidate className="grid gap-5">
        <TextField label={text.name} name="name" autoComplete="name" maxLength={100} required error={errors.name} />
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
        <NewPasswordField
          label={text.password}
          name="password"
          typed={typed}
          onChange={(event) => setTyped(event.target.value)}
          required
          error={errors.password}
        />
        <TextField
          label={text.register.workspace}
          hint={text.register.workspaceHint}
          name="organization_name"
          autoComplete="organization"
          maxLength={100}
          error={errors.organization_name}
        />
        <Fault>{fault}</Fault>
        <Submit pending={pending}>{text.register.submit}</Submit>
      </form>
    </AuthPage>
  )
}
