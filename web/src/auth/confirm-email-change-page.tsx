// Where the mail to a new address leads.
import { useState } from 'react'
import { cameSignedIn } from '../arrival.ts'
import { auth as text } from '../strings/auth.ts'
import { ButtonLink, buttonClass } from '../ui/button.tsx'
import { isRefusal, openApi } from './auth-api.ts'
import { AuthPage } from './auth-page.tsx'
import { LinkStep } from './link-step.tsx'

export function ConfirmEmailChangePage() {
  const [taken, setTaken] = useState(false)
  const on = cameSignedIn() ? (
    <a href="/dashboard/settings" className={buttonClass('primary')}>
      {text.newEmail.toSettings}
    </a>
  ) : (
    <ButtonLink to="/auth/login" kind="primary">
      {text.toSignIn}
    </ButtonLink>
  )
  return (
    <LinkStep
      words={text.newEmail}
      complete={async (token) => {
        try {
          await openApi().request('POST', '/api/v2/user/confirm-email-change', { body: { token } })
        } catch (error) {
          if (!isRefusal(error, 'CONFLICT')) throw error
          setTaken(true)
        }
      }}
      done={
        <AuthPage
          title={taken ? text.newEmail.taken : text.newEmail.done}
          lead={taken ? text.newEmail.takenLead : text.newEmail.doneLead}
        >
          <div>{on}</div>
        </AuthPage>
      }
      wayOut={<div>{on}</div>}
    />
  )
}
