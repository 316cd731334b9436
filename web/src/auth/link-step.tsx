// What links in mails share: opening one uses nothing up, a button completes it; too old, used and incomplete ones say so.
import { type ReactNode, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { isRefusal } from './auth-api.ts'
import { AuthPage, useLinkQuery } from './auth-page.tsx'
import { Fault } from './fields.tsx'
import { useSend } from './use-send.ts'

interface Words {
  readonly title: string
  readonly lead: string
  readonly submit: string
  readonly gone: string
  readonly goneLead: string
  readonly missing: string
  readonly missingLead: string
}

/** `complete` spends the token; `done` is shown after it, `wayOut` where the link does not work. */
export function LinkStep({
  words,
  complete,
  done,
  wayOut,
}: {
  readonly words: Words
  readonly complete: (token: string) => Promise<void>
  readonly done: ReactNode
  readonly wayOut: ReactNode
}) {
  const token = useLinkQuery()('token')
  const [state, setState] = useState<'open' | 'done' | 'gone'>('open')
  const { pending, fault, run } = useSend()
  if (token === '')
    return (
      <AuthPage title={words.missing} lead={words.missingLead}>
        {wayOut}
      </AuthPage>
    )
  if (state === 'gone')
    return (
      <AuthPage title={words.gone} lead={words.goneLead}>
        {wayOut}
      </AuthPage>
    )
  if (state === 'done') return done
  const finish = () =>
    run(async () => {
      try {
        await complete(token)
        setState('done')
      } catch (error) {
        if (!isRefusal(error, 'TOKEN_EXPIRED')) throw error
        setState('gone')
      }
    })
  return (
    <AuthPage title={words.title} lead={words.lead}>
      <Fault>{fault}</Fault>
      <div>
        <Button kind="primary" pending={pending} onClick={() => void finish()}>
          {words.submit}
        </Button>
      </div>
    </AuthPage>
  )
}
