// The front page of the docs: every guide at a glance.

import { navigation } from 'virtual:docs/index'
import { Link } from '@tanstack/react-router'
import { usePageTitle } from '../page-title.ts'
import { docs as text } from '../strings/docs.ts'
import { PageHeader } from '../ui/surface.tsx'

export function DocsHomePage() {
  usePageTitle(text.title)
  return (
    <div>
      <PageHeader title={text.title} lead={text.lead} />
      <div className="grid gap-8 sm:grid-cols-2 xl:grid-cols-3">
        {navigation.map(({ title, pages }) => (
          <section key={title}>
            <h2 className="mb-2 text-base">{title}</h2>
            <ul className="grid gap-1">
              {pages.map(({ slug, title: name }) => (
                <li key={slug}>
                  <Link to="/docs/$guide" params={{ guide: slug }} className="text-accent hover:underline">
                    {name}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
        <section>
          <h2 className="mb-2 text-base">{text.reference}</h2>
          <Link to="/docs/api" className="text-accent hover:underline">
            {text.api.lead}
          </Link>
        </section>
      </div>
    </div>
  )
}
