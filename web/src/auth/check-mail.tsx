// "Check your mail": where it went, how to get another one, and on a developer's own machine where it lies.
import { useState } from 'react'
import { auth as text } from '../strings/auth.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { openApi } from './auth-api.ts'
import { AuthPage } from './auth-page.tsx'
import { Fault } from './fields.tsx'
import { useSend } from './use-send.ts'

export function CheckMail({
  email,
  title = text.checkMail.title,
  lead = text.checkMail.sentTo(email),
  onAgain,
}: {
  readonly email: string
  readonly title?: string
  readonly lead?: string
  /** Back to the form. */
  readonly onAgain?: () => void
}) {
  return (
    <AuthPage
      title={title}
      lead={lead}
      foot={
        onAgain && (
          <button type="button" className="text-accent underline underline-offset-2" onClick={onAgain}>
            {text.checkMail.again}
          </button>
        )
      }
    >
      <MailboxLink email={email} />
      <Resend email={email} />
    </AuthPage>
  )
}

function Resend({ email }: { readonly email: string }) {
  const [sent, setSent] = useState(false)
  const { pending, fault, run } = useSend()
  const resend = () =>
    run(async () => {
      setSent(false)
      await openApi().request('POST', '/api/v2/auth/session/resend-verification-by-email', { body: { email } })
      setSent(true)
    })
  return (
    <div className="grid gap-3">
      <Fault>{fault}</Fault>
      <div className="flex flex-wrap items-center gap-3">
        <span className="text-muted">{text.checkMail.nothing}</span>
        <Button size="small" pending={pending} onClick={() => void resend()}>
          {text.checkMail.resend}
        </Button>
      </div>
      <p role="status" className="text-ok empty:hidden">
        {sent ? text.checkMail.resent : ''}
      </p>
    </div>
  )
}

/** The server says in the page whether it keeps its mail, and shows it to who asks from this machine. */
export function MailboxLink({ email }: { readonly email: string }) {
  if (document.querySelector<HTMLMetaElement>('meta[name="mailbox"]')?.content !== 'yes') return null
  return (
    <div className="grid gap-2 rounded-card border border-line bg-raised p-4">
      <p className="text-muted">{text.checkMail.mailboxHint}</p>
      <a
        href={`/dev/mailbox?to=${encodeURIComponent(email)}`}
        className={buttonClass('secondary', 'normal', 'justify-self-start')}
      >
        {text.checkMail.mailbox}
      </a>
    </div>
  )
}
