// A label, a control, a hint and what is wrong with it, tied together for eyes and for screen readers.
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react'
import { useId } from 'react'
import { classes } from './classes.ts'

export const controlClass =
  'w-full min-h-10 rounded-control border border-edge bg-raised px-3 text-ink aria-invalid:border-danger disabled:opacity-60'

interface Frame {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly error?: string | undefined
  /** For who sees the label by its place. */
  readonly labelHidden?: boolean
}

function describedBy(id: string, hint: ReactNode, error: string | undefined): string | undefined {
  return classes(hint ? `${id}-hint` : null, error ? `${id}-error` : null) || undefined
}

function Framed({ id, label, hint, error, labelHidden, children }: Frame & { id: string; children: ReactNode }) {
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className={labelHidden ? 'sr-only' : 'font-medium'}>
        {label}
      </label>
      {children}
      {hint && (
        <div id={`${id}-hint`} className="text-[0.8125rem] text-muted">
          {hint}
        </div>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-[0.8125rem] text-danger">
          {error}
        </p>
      )}
    </div>
  )
}

export function TextField({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Frame & InputHTMLAttributes<HTMLInputElement>) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <Framed id={id} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <input
        {...rest}
        id={id}
        className={classes(controlClass, className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
      />
    </Framed>
  )
}

export function TextArea({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Frame & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <Framed id={id} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <textarea
        {...rest}
        id={id}
        className={classes(controlClass, 'py-2', className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
      />
    </Framed>
  )
}

export function SelectField({
  label,
  hint,
  error,
  labelHidden,
  className,
  ...rest
}: Frame & SelectHTMLAttributes<HTMLSelectElement>) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <Framed id={id} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <select
        {...rest}
        id={id}
        className={classes(controlClass, className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, hint, error)}
      />
    </Framed>
  )
}

/** `type` is checkbox or radio. */
export function Choice({
  label,
  hint,
  className,
  type = 'checkbox',
  ...rest
}: { readonly label: ReactNode; readonly hint?: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  const own = useId()
  const id = rest.id ?? own
  return (
    <div className={classes('flex items-start gap-2.5', className)}>
      <input
        {...rest}
        id={id}
        type={type}
        className="mt-[0.2rem] size-4 shrink-0 accent-accent"
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <div className="grid gap-0.5">
        <label htmlFor={id}>{label}</label>
        {hint && (
          <div id={`${id}-hint`} className="text-[0.8125rem] text-muted">
            {hint}
          </div>
        )}
      </div>
    </div>
  )
}
