// A fresh proof, asked for where the server wants one: the deed waits, and goes on by itself once it is given.
import { AionvisionError } from '@aionvision/sdk'
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react'
import { fresh as text } from '../strings/fresh.ts'
import { Dialog } from '../ui/dialog.tsx'
import { ProofForm, type ProofKind } from './fresh-form.tsx'

type WithProof = <Result>(deed: () => Promise<Result>) => Promise<Result>
const FreshContext = createContext<WithProof>((deed) => deed())

/** `withProof(() => api.apiKeys.create(…))` asks for password, code or passkey when the server does, then repeats the call. */
export const useWithProof = (): WithProof => useContext(FreshContext)

/** After a password a route may still want the factor; more rounds than that would be a fault. */
const roundsMax = 2

/** What the server wants proved before it does this; null when no proof would help. */
export function proofWanted(error: unknown): ProofKind | null {
  if (!(error instanceof AionvisionError)) return null
  if (error.code === 'REAUTHENTICATION_REQUIRED') return 'any'
  const { enrolled, prove } = error.details
  return error.code === 'MFA_REQUIRED' && enrolled === true && typeof prove === 'string' ? 'factor' : null
}

export function FreshProofProvider({ children }: { readonly children: ReactNode }) {
  const [kind, setKind] = useState<ProofKind>('any')
  const [open, setOpen] = useState(false)
  const waiting = useRef<((proved: boolean) => void)[]>([])
  const settle = useCallback((proved: boolean) => {
    setOpen(false)
    for (const resolve of waiting.current.splice(0)) resolve(proved)
  }, [])
  const withProof = useCallback<WithProof>(async (deed) => {
    for (let round = 0; ; round++)
      try {
        return await deed()
      } catch (error) {
        const wanted = proofWanted(error)
        if (!wanted || round >= roundsMax) throw error
        setKind(wanted)
        setOpen(true)
        if (!(await new Promise<boolean>((resolve) => waiting.current.push(resolve))))
          throw new AionvisionError(text.givenUp, { code: 'ABORTED' })
      }
  }, [])
  return (
    <FreshContext value={withProof}>
      {children}
      <Dialog
        open={open}
        onOpenChange={(next) => next || settle(false)}
        title={kind === 'factor' ? text.factorTitle : text.title}
        description={kind === 'factor' ? text.factorLead : text.lead}
      >
        <ProofForm kind={kind} onProved={() => settle(true)} onGivenUp={() => settle(false)} />
      </Dialog>
    </FreshContext>
  )
}
