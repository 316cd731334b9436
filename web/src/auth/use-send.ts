// Small forms without a library: fields by their names, the server's findings at the field they are about.
import { AionvisionError } from '@aionvision/sdk'
import { type FormEvent, useState } from 'react'
import { auth as text } from '../strings/auth.ts'
import { sentenceFor } from './auth-api.ts'

interface Issue {
  readonly loc?: readonly (string | number)[]
  readonly msg?: string
}

export interface Send {
  readonly pending: boolean
  /** What belongs to no field. */
  readonly fault: string | null
  readonly errors: Readonly<Record<string, string>>
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void
  /** For what is not a form: a button that completes a link, a passkey. */
  readonly run: (deed: () => Promise<void>) => Promise<void>
  readonly setFault: (fault: string | null) => void
}

/** `send` is given the form's fields by name. */
export function useSend(send: (values: Record<string, string>) => Promise<void> = async () => {}): Send {
  const [pending, setPending] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const [errors, setErrors] = useState<Record<string, string>>({})

  async function attempt(deed: () => Promise<void>, form: HTMLFormElement | null): Promise<void> {
    setPending(true)
    setFault(null)
    setErrors({})
    try {
      await deed()
    } catch (error) {
      const placed = form ? findingsOf(error).filter(([name]) => name in form.elements) : []
      setErrors(Object.fromEntries(placed))
      if (placed.length === 0) setFault(sentenceFor(error))
      else focusOn(form, placed[0]?.[0])
    } finally {
      setPending(false)
    }
  }

  return {
    pending,
    fault,
    errors,
    setFault,
    run: (deed) => attempt(deed, null),
    onSubmit: (event) => {
      event.preventDefault()
      if (pending) return
      const form = event.currentTarget
      const empty = [...form.elements].filter(
        (field) => field instanceof HTMLInputElement && field.required && field.value.trim() === '',
      ) as HTMLInputElement[]
      if (empty.length > 0) {
        setFault(null)
        setErrors(Object.fromEntries(empty.map(({ name }) => [name, text.needed])))
        empty[0]?.focus()
        return
      }
      const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
      void attempt(() => send(values), form)
    },
  }
}

function findingsOf(error: unknown): readonly (readonly [string, string])[] {
  if (!(error instanceof AionvisionError) || !Array.isArray(error.details.issues)) return []
  return (error.details.issues as readonly Issue[]).map(({ loc, msg }) => [String(loc?.[1]), msg ?? ''])
}

function focusOn(form: HTMLFormElement | null, name: string | undefined): void {
  const field = name === undefined ? null : form?.elements.namedItem(name)
  if (field instanceof HTMLElement) field.focus()
}
