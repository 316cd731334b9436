// What the forms here share: what went wrong above the button, a password that can be looked at, the button itself.
import { type InputHTMLAttributes, type ReactNode, useId, useState } from 'react'
import { auth as text } from '../strings/auth.ts'
import { Button } from '../ui/button.tsx'
import { classes } from '../ui/classes.ts'
import { controlClass } from '../ui/field.tsx'
import { Notice } from '../ui/surface.tsx'

export function Fault({ children }: { readonly children: string | null }) {
  return children === null ? null : <Notice tone="danger">{children}</Notice>
}

export function Submit({ pending, children }: { readonly pending: boolean; readonly children: ReactNode }) {
  return (
    <Button kind="primary" type="submit" pending={pending} className="w-full">
      {children}
    </Button>
  )
}

interface PasswordProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> {
  readonly label: string
  readonly error?: string | undefined
  /** Beside the label: the way out for who forgot it. */
  readonly beside?: ReactNode
}

export function PasswordField({ label, error, beside, ...rest }: PasswordProps) {
  const id = useId()
  const [shown, setShown] = useState(false)
  return (
    <div className="grid gap-1.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {beside && <span className="text-[0.8125rem]">{beside}</span>}
      </div>
      <div className="relative">
        <input
          autoComplete="current-password"
          spellCheck={false}
          {...rest}
          id={id}
          type={shown ? 'text' : 'password'}
          className={classes(controlClass, 'pr-16')}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
        />
        <button
          type="button"
          aria-pressed={shown}
          aria-label={text.showPassword}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 right-0 px-3 text-[0.8125rem] text-muted hover:text-ink"
        >
          {shown ? text.hideShort : text.showShort}
        </button>
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="text-[0.8125rem] text-danger">
          {error}
        </p>
      )}
    </div>
  )
}
