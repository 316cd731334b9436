// Head and foot of every page that needs no session.
import { Link, Outlet } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cameSignedIn } from '../arrival.ts'
import { common } from '../strings/common.ts'
import { pages as text } from '../strings/pages.ts'
import { ButtonLink } from '../ui/button.tsx'
import { Mark } from '../ui/mark.tsx'
import { ThemeChoice } from '../ui/theme-choice.tsx'

const link = 'rounded-control px-1.5 py-1.5 whitespace-nowrap text-muted sm:px-2 hover:text-ink [&.active]:text-ink'

export function SiteFrame({ children }: { readonly children?: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-60 focus:m-2 focus:bg-raised focus:p-2">
        {common.skipToContent}
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-paper">
        <div className="mx-auto flex h-14 max-w-6xl items-center gap-1 px-4 sm:gap-3 sm:px-6">
          <Link to="/" className="mr-auto flex items-center gap-2 font-semibold tracking-tight">
            <Mark />
            <span className="max-[350px]:sr-only">{common.product}</span>
          </Link>
          <nav aria-label={text.nav.main} className="flex items-center gap-0.5 sm:gap-2">
            <Link to="/pricing" className={link}>
              {text.nav.pricing}
            </Link>
            <Link to={'/docs' as never} className={link}>
              {text.nav.docs}
            </Link>
            {cameSignedIn() ? (
              <ButtonLink to={'/dashboard' as never} kind="primary" size="small">
                {text.nav.dashboard}
              </ButtonLink>
            ) : (
              <>
                <Link to="/auth/login" className={link}>
                  {text.nav.login}
                </Link>
                <ButtonLink to="/auth/register" kind="primary" size="small" className="max-sm:hidden">
                  {text.nav.register}
                </ButtonLink>
              </>
            )}
          </nav>
        </div>
      </header>
      <main id="content" tabIndex={-1} className="flex-1 outline-none">
        {children ?? <Outlet />}
      </main>
      <footer className="border-t border-line">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-6 gap-y-2 px-4 py-6 text-[0.875rem] text-muted sm:px-6">
          <span className="mr-auto">{common.product}</span>
          <a href="/docs/errors" className="hover:text-ink">
            {text.footer.errors}
          </a>
          <a href="/docs/self-hosting" className="hover:text-ink">
            {text.footer.selfHosting}
          </a>
          <a href="/openapi.json" className="hover:text-ink">
            {text.footer.contract}
          </a>
          <ThemeChoice />
        </div>
      </footer>
    </div>
  )
}
