// A password that somebody chooses: it can be looked at, and the server's own rules are ticked off while it is typed.
import { type InputHTMLAttributes, useId, useState } from 'react'
import { newPassword as text } from '../strings/new-password.ts'
import { classes } from './classes.ts'
import { controlClass } from './field.tsx'

/** As server/src/platform/passwords.ts has them; that it is a common one, or known from breaches, only the server can say. */
const rules = [
  { label: text.length, holds: (length: number) => length >= 8 && length <= 128 },
  { label: text.upper, holds: (_: number, typed: string) => /\p{Lu}/u.test(typed) },
  { label: text.lower, holds: (_: number, typed: string) => /\p{Ll}/u.test(typed) },
  { label: text.digit, holds: (_: number, typed: string) => /\p{Nd}/u.test(typed) },
] as const

/** Beyond the rules only length adds much. */
const strongLength = 16

export function passwordHolds(typed: string): boolean {
  return rules.every(({ holds }) => holds([...typed].length, typed))
}

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type' | 'value'> {
  readonly label: string
  readonly error?: string | undefined
  /** What is typed so far. */
  readonly typed: string
}

export function NewPasswordField({ label, error, typed, ...rest }: Props) {
  const own = useId()
  const id = rest.id ?? own
  const [shown, setShown] = useState(false)
  const length = [...typed].length
  const met = rules.filter(({ holds }) => holds(length, typed)).length
  const strength = typed === '' ? 0 : met < rules.length ? 1 : length < strongLength ? 2 : 3
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          autoComplete="new-password"
          spellCheck={false}
          {...rest}
          id={id}
          type={shown ? 'text' : 'password'}
          className={classes(controlClass, 'pr-16')}
          aria-invalid={error ? true : undefined}
          aria-describedby={classes(`${id}-rules`, error ? `${id}-error` : null)}
        />
        <button
          type="button"
          aria-pressed={shown}
          aria-label={text.show}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 right-0 px-3 text-[0.8125rem] text-muted hover:text-ink"
        >
          {shown ? text.hideShort : text.showShort}
        </button>
      </div>
      <div className="flex gap-1" aria-hidden>
        {[1, 2, 3].map((step) => (
          <span
            key={step}
            className={classes(
              'h-1 flex-1 rounded-full transition-colors',
              strength < step ? 'bg-line' : strength === 1 ? 'bg-danger' : strength === 2 ? 'bg-warn' : 'bg-ok',
            )}
          />
        ))}
      </div>
      <div id={`${id}-rules`} className="text-[0.8125rem] text-muted">
        <ul className="flex flex-wrap gap-x-4 gap-y-0.5">
          {rules.map(({ label, holds }) => {
            const done = holds(length, typed)
            return (
              <li key={label} className={done ? 'text-ok' : ''}>
                <span aria-hidden>{done ? '✓ ' : '· '}</span>
                {label}
                <span className="sr-only">{done ? text.met : text.unmet}</span>
              </li>
            )
          })}
        </ul>
        <p role="status" className="mt-0.5">
          {text.strength[strength]}
        </p>
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="text-[0.8125rem] text-danger">
          {error}
        </p>
      )}
    </div>
  )
}
