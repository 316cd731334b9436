// Buttons, and links that look like them. One that cannot be used stays in reach and says why.
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ComponentPropsWithRef, ReactNode } from 'react'
import { useId, useState } from 'react'
import { classes } from './classes.ts'

export type ButtonKind = 'primary' | 'secondary' | 'danger' | 'quiet'
export type ButtonSize = 'small' | 'normal'

const kinds: Readonly<Record<ButtonKind, string>> = {
  primary: 'bg-ink text-paper hover:bg-ink/85 border-transparent',
  secondary: 'bg-raised text-ink border-edge hover:bg-sunken',
  danger: 'bg-raised text-danger border-danger hover:bg-danger-soft',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-sunken',
}
const sizes: Readonly<Record<ButtonSize, string>> = { small: 'min-h-8 px-2.5 text-[0.8125rem]', normal: 'min-h-10 px-4' }

export function buttonClass(kind: ButtonKind = 'secondary', size: ButtonSize = 'normal', more?: string): string {
  return classes(
    'inline-flex items-center justify-center gap-2 rounded-control border font-medium whitespace-nowrap transition-colors',
    'aria-disabled:cursor-not-allowed aria-disabled:opacity-60 no-underline',
    kinds[kind],
    sizes[size],
    more,
  )
}

/** 16rem and a margin. */
const reasonWidthMax = 272

interface Props extends Omit<ComponentPropsWithRef<'button'>, 'disabled'> {
  readonly kind?: ButtonKind
  readonly size?: ButtonSize
  /** Why it cannot be used now; shown on hover and focus, and read out. */
  readonly disabledReason?: string | null | undefined
  /** Something is under way: it stays, and does nothing. */
  readonly pending?: boolean
  readonly children: ReactNode
}

export function Button({ kind, size, disabledReason, pending, children, onClick, className, type = 'button', ...rest }: Props) {
  const reasonId = useId()
  const off = Boolean(disabledReason) || pending
  // The reason hangs from the button's right end, or from its left one where it would leave the page.
  const [fromLeft, setFromLeft] = useState(false)
  const place = (button: HTMLElement) => disabledReason && setFromLeft(button.getBoundingClientRect().right < reasonWidthMax)
  return (
    <span className={classes('group/reason relative', className?.includes('w-full') ? 'flex' : 'inline-flex')}>
      <button
        {...rest}
        type={off && type === 'submit' ? 'button' : type}
        className={buttonClass(kind, size, className)}
        aria-disabled={off || undefined}
        aria-busy={pending || undefined}
        aria-describedby={disabledReason ? reasonId : rest['aria-describedby']}
        onPointerEnter={(event) => {
          place(event.currentTarget)
          rest.onPointerEnter?.(event)
        }}
        onFocus={(event) => {
          place(event.currentTarget)
          rest.onFocus?.(event)
        }}
        onClick={off ? (event) => event.preventDefault() : onClick}
      >
        {children}
      </button>
      {disabledReason && (
        <span
          id={reasonId}
          role="tooltip"
          className={classes(
            'pointer-events-none absolute top-full z-20 mt-1 hidden w-max max-w-64 rounded-control bg-ink px-2.5 py-1.5 text-left text-[0.8125rem] font-normal text-paper group-focus-within/reason:block group-hover/reason:block',
            fromLeft ? 'left-0' : 'right-0',
          )}
        >
          {disabledReason}
        </span>
      )}
    </span>
  )
}

type ButtonLinkProps = LinkProps & { readonly kind?: ButtonKind; readonly size?: ButtonSize; readonly className?: string }

export function ButtonLink({ kind, size, className, ...rest }: ButtonLinkProps) {
  return <Link {...rest} className={buttonClass(kind, size, className)} />
}
