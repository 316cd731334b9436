import { Link } from '@tanstack/react-router'
import { usePageTitle } from '../page-title.ts'
import { pages } from '../strings/pages.ts'

export function NotFound() {
  usePageTitle(pages.notFound.title)
  return (
    <div className="mx-auto grid max-w-lg gap-3 px-4 py-24 text-center">
      <h1 className="text-2xl">{pages.notFound.title}</h1>
      <p className="text-muted">{pages.notFound.text}</p>
      <p>
        <Link to="/" className="text-accent underline">
          {pages.notFound.home}
        </Link>
      </p>
    </div>
  )
}
