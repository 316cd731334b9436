// The frame of every page here: one column, a heading that takes the focus when the step changes, and what the link said.
import { Link, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { usePageTitle } from '../page-title.ts'

export function AuthPage({
  title,
  lead,
  children,
  foot,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly children?: ReactNode
  readonly foot?: ReactNode
}) {
  usePageTitle(title)
  const heading = useRef<HTMLHeadingElement>(null)
  const shown = useRef(title)
  useEffect(() => {
    // A step that replaced another: whoever does not see it hears where they are.
    if (shown.current !== title) heading.current?.focus()
    shown.current = title
  }, [title])
  return (
    <div className="mx-auto w-full max-w-[27rem] px-4 pt-12 pb-20 sm:pt-20">
      <h1 ref={heading} tabIndex={-1} className="text-[1.75rem] outline-none">
        {title}
      </h1>
      {lead && <div className="mt-2 text-muted">{lead}</div>}
      <div className="mt-7 grid gap-5">{children}</div>
      {foot && <div className="mt-8 border-t border-line pt-5 text-muted">{foot}</div>}
    </div>
  )
}

export const textLink = 'text-accent underline underline-offset-2'

/** To another page of ours that keeps what this one's link said. */
export function PageLink({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return (
    <Link to={to as never} className={textLink}>
      {children}
    </Link>
  )
}

/** What the link carried, as it stands in this page's address; while the next page is fetched this one goes on by its own. */
export function useLinkQuery(): (name: string) => string {
  const { pathname, searchStr } = useLocation()
  const [own] = useState(pathname)
  const query = useRef(searchStr)
  if (pathname === own) query.current = searchStr
  return (name) => new URLSearchParams(query.current).get(name) ?? ''
}
