// Between a proved password and a session: a code, a recovery code or a passkey.
import type { Answer } from '@aionvision/sdk'
import { useState } from 'react'
import { askPasskey, passkeysWork, wasGivenUp } from '../passkey.ts'
import { auth as text } from '../strings/auth.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { isRefusal, openApi } from './auth-api.ts'
import { AuthPage, textLink } from './auth-page.tsx'
import { Fault, Submit } from './fields.tsx'
import { useSend } from './use-send.ts'

export interface Challenge {
  /** Null: the server keeps it in a cookie. */
  readonly token: string | null
  readonly methods: readonly string[]
}

/** The challenge that a refusal brings, if that is what it is. */
export function challengeOf(error: unknown): Challenge | null {
  if (!isRefusal(error, 'MFA_REQUIRED')) return null
  const { challenge_token: token, methods } = error.details
  return typeof token === 'string' ? { token, methods: Array.isArray(methods) ? methods.map(String) : [] } : null
}

const typedWays = {
  totp: { label: text.factor.code, hint: text.factor.codeHint, field: 'code', instead: text.factor.useCode },
  recovery_code: {
    label: text.factor.recovery,
    hint: text.factor.recoveryHint,
    field: 'recovery_code',
    instead: text.factor.useRecovery,
  },
} as const
type TypedWay = keyof typeof typedWays

interface Props {
  readonly challenge: Challenge
  readonly onDone: (answer: Answer<'/api/v2/auth/session/mfa/challenge', 'post'>) => void
  /** Back to the password: `expired` when the time or the attempts are over. */
  readonly onOver: (expired: boolean) => void
}

export function FactorStep({ challenge: { token, methods }, onDone, onOver }: Props) {
  const ways = (Object.keys(typedWays) as TypedWay[]).filter((way) => methods.includes(way))
  const passkey = methods.includes('passkey') && passkeysWork()
  const [way, setWay] = useState<TypedWay | undefined>(ways[0])
  const carried = token === null ? {} : { challenge_token: token }

  const finish = async (proof: object) => {
    try {
      onDone(await openApi().request('POST', '/api/v2/auth/session/mfa/challenge', { body: { ...carried, ...proof } as never }))
    } catch (error) {
      if (!isRefusal(error, 'TOKEN_EXPIRED')) throw error
      onOver(true)
    }
  }
  const { pending, fault, errors, onSubmit, run, setFault } = useSend((values) =>
    finish(
      values.code === undefined ? { recovery_code: values.recovery_code?.trim() } : { code: values.code.replace(/\s/g, '') },
    ),
  )
  const prove = () =>
    run(async () => {
      try {
        const { challenge_id, options } = await openApi().request('POST', '/api/v2/auth/session/mfa/challenge/options', {
          body: carried as never,
        })
        await finish({ passkey: { challenge_id, response: await askPasskey(options) } })
      } catch (error) {
        if (isRefusal(error, 'TOKEN_EXPIRED')) onOver(true)
        else if (wasGivenUp(error)) setFault(text.login.passkeyGivenUp)
        else throw error
      }
    })

  return (
    <AuthPage
      title={text.factor.title}
      lead={way ? text.factor.lead : text.factor.passkeyLead}
      foot={
        <button type="button" className={textLink} onClick={() => onOver(false)}>
          {text.factor.someoneElse}
        </button>
      }
    >
      {way ? (
        <form onSubmit={onSubmit} noValidate className="grid gap-5">
          <TextField
            key={way}
            label={typedWays[way].label}
            hint={typedWays[way].hint}
            name={typedWays[way].field}
            inputMode={way === 'totp' ? 'numeric' : undefined}
            autoComplete={way === 'totp' ? 'one-time-code' : 'off'}
            spellCheck={false}
            maxLength={64}
            required
            autoFocus
            error={errors[typedWays[way].field]}
            className="font-mono tracking-wider"
          />
          <Fault>{fault}</Fault>
          <Submit pending={pending}>{text.factor.submit}</Submit>
        </form>
      ) : (
        <Fault>{fault}</Fault>
      )}
      {passkey && (
        <Button kind={way ? 'secondary' : 'primary'} className="w-full" pending={pending} onClick={() => void prove()}>
          {text.factor.passkey}
        </Button>
      )}
      {ways
        .filter((other) => other !== way)
        .map((other) => (
          <p key={other}>
            <button type="button" className={textLink} onClick={() => setWay(other)}>
              {typedWays[other].instead}
            </button>
          </p>
        ))}
    </AuthPage>
  )
}
