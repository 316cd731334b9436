// Where an invitation leads: for who has the account and is signed in to it, for who must sign in, and for who is new.
import type { Answer } from '@aionvision/sdk'
import { useEffect, useState } from 'react'
import { cameSignedIn } from '../arrival.ts'
import { remember } from '../remembered.ts'
import { auth as text } from '../strings/auth.ts'
import { Button, ButtonLink, buttonClass } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { NewPasswordField } from '../ui/new-password.tsx'
import { Notice, Skeleton } from '../ui/surface.tsx'
import { Time } from '../ui/time.tsx'
import { isRefusal, openApi } from './auth-api.ts'
import { AuthPage, useLinkQuery } from './auth-page.tsx'
import { Fault, Submit } from './fields.tsx'
import { useLooked } from './use-looked.ts'
import { useSend } from './use-send.ts'

type Ending = 'gone' | 'member' | 'wrong'

export function AcceptInvitationPage() {
  const token = useLinkQuery()('token')
  const looked = useLooked(token, (query) => openApi().request('GET', '/api/v2/auth/session/invitation', { query }))
  const [ending, setEnding] = useState<Ending | null>(null)
  const caller = useCaller()
  if (token === '') return <AuthPage title={text.invitation.missing} lead={text.invitation.missingLead} />
  if (ending === 'gone' || looked.gone) return <AuthPage title={text.invitation.gone} lead={text.invitation.goneLead} />
  if (ending === 'member')
    return (
      <AuthPage title={text.invitation.member} lead={text.invitation.memberLead}>
        <ToDashboard />
      </AuthPage>
    )
  if (!looked.found || caller === undefined)
    return (
      <AuthPage title={text.invitation.title}>
        {looked.fault === null ? <Skeleton className="h-40" /> : <Fault>{looked.fault}</Fault>}
      </AuthPage>
    )
  const { found } = looked
  // The API shows the invited address masked: a first guess here, its own refusal is the last word.
  const other = caller !== null && masked(caller) !== found.email
  if (ending === 'wrong' || (other && found.account_exists)) return <WrongAccount caller={caller ?? ''} token={token} />
  return (
    <AuthPage
      title={text.invitation.title}
      lead={
        <>
          <strong className="text-ink">{found.tenant_name}</strong>. {text.invitation.to(found.email, found.role)}{' '}
          {text.invitation.expires}
          <Time at={found.expires_at} absolute />.
        </>
      }
    >
      {!found.account_exists ? (
        <NewAccount token={token} caller={caller} onEnd={setEnding} />
      ) : caller === null ? (
        <>
          <p>{text.invitation.signIn}</p>
          <div>
            <SignIn token={token} />
          </div>
        </>
      ) : (
        <JoinAs token={token} caller={caller} onEnd={setEnding} />
      )}
    </AuthPage>
  )
}

/** Who is signed in: null is nobody, undefined is not known yet. */
function useCaller(): string | null | undefined {
  const [caller, setCaller] = useState<string | null | undefined>(cameSignedIn() ? undefined : null)
  useEffect(() => {
    if (!cameSignedIn()) return
    openApi()
      .request('GET', '/api/v2/auth/session/me')
      .then(
        ({ email }) => setCaller(email),
        () => setCaller(null),
      )
  }, [])
  return caller
}

function masked(email: string): string {
  return email.replace(/^(.).*@/u, '$1•••@')
}

async function accept(
  token: string,
  account: { name?: string; password?: string },
  onEnd: (ending: Ending) => void,
): Promise<void> {
  try {
    const body = { token, ...account }
    const { tenant_id }: Answer<'/api/v2/auth/session/accept-invitation', 'post'> = await openApi().request(
      'POST',
      '/api/v2/auth/session/accept-invitation',
      { body },
    )
    remember('workspace', tenant_id)
    location.assign('/dashboard')
  } catch (error) {
    if (isRefusal(error, 'TOKEN_EXPIRED')) onEnd('gone')
    else if (isRefusal(error, 'ALREADY_MEMBER')) onEnd('member')
    else if (isRefusal(error, 'INSUFFICIENT_PERMISSIONS')) onEnd('wrong')
    else throw error
  }
}

function NewAccount({
  token,
  caller,
  onEnd,
}: {
  readonly token: string
  readonly caller: string | null
  readonly onEnd: (ending: Ending) => void
}) {
  const [typed, setTyped] = useState('')
  const { pending, fault, errors, onSubmit } = useSend(({ name, password }) => accept(token, { name, password }, onEnd))
  return (
    <form onSubmit={onSubmit} noValidate className="grid gap-5">
      {caller === null ? <p>{text.invitation.newAccount}</p> : <Notice>{text.invitation.makesAnother(caller)}</Notice>}
      <TextField label={text.name} name="name" autoComplete="name" maxLength={100} required error={errors.name} />
      <NewPasswordField
        label={text.password}
        name="password"
        typed={typed}
        onChange={(event) => setTyped(event.target.value)}
        required
        error={errors.password}
      />
      <Fault>{fault}</Fault>
      <Submit pending={pending}>{text.invitation.submit}</Submit>
    </form>
  )
}

function JoinAs({
  token,
  caller,
  onEnd,
}: {
  readonly token: string
  readonly caller: string
  readonly onEnd: (ending: Ending) => void
}) {
  const { pending, fault, run } = useSend()
  return (
    <>
      <Fault>{fault}</Fault>
      <div>
        <Button kind="primary" pending={pending} className="max-w-full" onClick={() => void run(() => accept(token, {}, onEnd))}>
          <span className="truncate">{text.invitation.joinAs(caller)}</span>
        </Button>
      </div>
    </>
  )
}

function WrongAccount({ caller, token }: { readonly caller: string; readonly token: string }) {
  const { pending, fault, run } = useSend()
  const leave = () =>
    run(async () => {
      await openApi().request('POST', '/api/v2/auth/session/logout')
      location.assign(signInTo(token))
    })
  return (
    <AuthPage title={text.invitation.wrong} lead={text.invitation.wrongLead(caller)}>
      <Fault>{fault}</Fault>
      <div className="flex flex-wrap gap-3">
        <Button kind="primary" pending={pending} onClick={() => void leave()}>
          {text.invitation.signOut}
        </Button>
        <ToDashboard />
      </div>
    </AuthPage>
  )
}

function signInTo(token: string): string {
  const next = `/auth/accept-invitation?token=${encodeURIComponent(token)}`
  return `/auth/login?reason=invited&next=${encodeURIComponent(next)}`
}

function SignIn({ token }: { readonly token: string }) {
  return (
    <a href={signInTo(token)} className={buttonClass('primary')}>
      {text.invitation.signInButton}
    </a>
  )
}

function ToDashboard() {
  return <ButtonLink to={'/dashboard' as never}>{text.toDashboard}</ButtonLink>
}
