// The docs' navigation beside the page that is read, and a search that works offline.

import { navigation } from 'virtual:docs/index'
import { Link, Outlet } from '@tanstack/react-router'
import { docs as text } from '../strings/docs.ts'
import { DocsSearch } from './docs-search.tsx'

export function DocsFrame() {
  return (
    <div className="mx-auto grid max-w-7xl gap-8 px-4 py-6 sm:px-6 lg:grid-cols-[14rem_minmax(0,1fr)] lg:gap-12">
      <aside className="lg:sticky lg:top-20 lg:self-start">
        <DocsSearch />
        <details className="mt-4 lg:hidden">
          <summary className="font-medium">{text.menu}</summary>
          <Navigation />
        </details>
        <div className="max-h-[calc(100dvh-9rem)] overflow-y-auto max-lg:hidden">
          <Navigation />
        </div>
      </aside>
      <Outlet />
    </div>
  )
}

const link =
  'block rounded-control px-2 py-1 text-muted hover:text-ink [&.active]:bg-sunken [&.active]:font-medium [&.active]:text-ink'

function Navigation() {
  return (
    <nav aria-label={text.navigation} className="mt-4 grid gap-5 text-[0.875rem]">
      {navigation.map(({ title, pages }) => (
        <div key={title}>
          <p className="mb-1 px-2 font-medium">{title}</p>
          <ul>
            {pages.map(({ slug, title: name }) => (
              <li key={slug}>
                <Link to="/docs/$guide" params={{ guide: slug }} className={link}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <ul>
        <li>
          <Link to="/docs/api" className={link}>
            {text.reference}
          </Link>
        </li>
      </ul>
    </nav>
  )
}
