// The form of a fresh proof: only what this account has is offered, the quickest of it first.
import type { Answer } from '@aionvision/sdk'
import { useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '../api.ts'
import { askPasskey, passkeysWork, wasGivenUp } from '../passkey.ts'
import { common } from '../strings/common.ts'
import { fresh as text } from '../strings/fresh.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { DialogActions } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { explain, Failure, Skeleton } from '../ui/surface.tsx'
import { useSession } from './session.ts'

/** `factor`: a password would not do. */
export type ProofKind = 'any' | 'factor'
type Typed = 'password' | 'code' | 'recoveryCode'
type Factors = Answer<'/api/v2/auth/session/mfa', 'get'>

interface Props {
  readonly kind: ProofKind
  readonly onProved: () => void
  readonly onGivenUp: () => void
}

export function ProofForm({ kind, ...rest }: Props) {
  const api = useApi()
  const means = useQuery({
    queryKey: ['settings', 'proofs'],
    queryFn: async () => {
      const [factors, { has_password }] = await Promise.all([
        api.request('GET', '/api/v2/auth/session/mfa'),
        api.request('GET', '/api/v2/user/profile'),
      ])
      return { factors, hasPassword: has_password }
    },
    staleTime: 0,
  })
  if (means.isError) return <Failure error={means.error} onRetry={() => void means.refetch()} />
  if (!means.data) return <Skeleton className="h-32" />
  const typed = typedProofs(kind, means.data.factors, means.data.hasPassword)
  const passkey = means.data.factors.passkeys.length > 0 && passkeysWork()
  return <Proof typed={typed} passkey={passkey} {...rest} />
}

function typedProofs(kind: ProofKind, { totp, recovery_codes_left }: Factors, hasPassword: boolean): readonly Typed[] {
  return [
    ...(kind === 'any' && hasPassword ? (['password'] as const) : []),
    ...(totp ? (['code'] as const) : []),
    ...(recovery_codes_left > 0 ? (['recoveryCode'] as const) : []),
  ]
}

const words = {
  password: { label: text.password, instead: text.usePassword, autoComplete: 'current-password', field: 'password' },
  code: { label: text.code, instead: text.useCode, autoComplete: 'one-time-code', field: 'code' },
  recoveryCode: { label: text.recoveryCode, instead: text.useRecoveryCode, autoComplete: 'off', field: 'recovery_code' },
} as const

function Proof({
  typed,
  passkey,
  onProved,
  onGivenUp,
}: Omit<Props, 'kind'> & { readonly typed: readonly Typed[]; readonly passkey: boolean }) {
  const api = useApi()
  const { user } = useSession()
  const [current, setCurrent] = useState<Typed | undefined>(typed[0])
  const [secret, setSecret] = useState('')
  const [fault, setFault] = useState<string>()
  const [pending, setPending] = useState(false)

  async function prove(attempt: () => Promise<unknown>): Promise<void> {
    setPending(true)
    setFault(undefined)
    try {
      await attempt()
      onProved()
    } catch (error) {
      setFault(wasGivenUp(error) ? text.passkeyGivenUp : explain(error).message)
    } finally {
      setPending(false)
    }
  }
  const sendTyped = (means: Typed) => {
    const given = means === 'code' ? secret.replace(/\s/g, '') : secret
    return prove(() => api.request('POST', '/api/v2/auth/session/reauthenticate', { body: { [words[means].field]: given } }))
  }
  const sendPasskey = () =>
    prove(async () => {
      const { challenge_id, options } = await api.request('POST', '/api/v2/auth/session/reauthenticate/options')
      const response = await askPasskey(options)
      await api.request('POST', '/api/v2/auth/session/reauthenticate', { body: { passkey: { challenge_id, response } } as never })
    })
  const here = encodeURIComponent(location.pathname + location.search)

  if (!current && !passkey)
    return (
      <>
        <p>{text.noProof}</p>
        <DialogActions>
          <Button kind="quiet" onClick={onGivenUp}>
            {common.cancel}
          </Button>
          <a href={`/auth/login?reason=proof&next=${here}`} className={buttonClass('primary')}>
            {text.signInAgain}
          </a>
        </DialogActions>
      </>
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        // In the tree of React this form may lie within another one.
        event.stopPropagation()
        if (!pending && current) void sendTyped(current)
      }}
    >
      {/* Password managers look for whose password it is. */}
      <input type="text" autoComplete="username" value={user.email} readOnly hidden />
      {current && (
        <TextField
          key={current}
          label={words[current].label}
          hint={current === 'recoveryCode' ? text.recoveryHint : undefined}
          type={current === 'password' ? 'password' : 'text'}
          inputMode={current === 'code' ? 'numeric' : undefined}
          autoComplete={words[current].autoComplete}
          spellCheck={false}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          error={fault}
          required
          autoFocus
        />
      )}
      {!current && fault && (
        <p role="alert" className="mb-3 text-danger">
          {fault}
        </p>
      )}
      <div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-2 text-[0.875rem]">
        {passkey && (
          <Button size="small" onClick={() => void sendPasskey()} pending={pending} autoFocus={!current}>
            <KeyRound aria-hidden size={14} />
            {text.usePasskey}
          </Button>
        )}
        {typed
          .filter((means) => means !== current)
          .map((means) => (
            <button
              key={means}
              type="button"
              className="text-accent underline"
              onClick={() => {
                setCurrent(means)
                setSecret('')
                setFault(undefined)
              }}
            >
              {words[means].instead}
            </button>
          ))}
      </div>
      <DialogActions>
        <Button kind="quiet" onClick={onGivenUp}>
          {common.cancel}
        </Button>
        {current && (
          <Button kind="primary" type="submit" pending={pending}>
            {text.prove}
          </Button>
        )}
      </DialogActions>
    </form>
  )
}
