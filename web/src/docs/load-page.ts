// The page of an address, or the news that there is none.

import { errorPages, guides } from 'virtual:docs/pages'
import { notFound } from '@tanstack/react-router'
import type { DocsPage } from '../../docs/render-docs.ts'

export interface Loaded {
  readonly page: DocsPage
  /** Where its Markdown is. */
  readonly markdown: string
  readonly guide: string | null
}

export async function loadGuide(slug: string): Promise<Loaded> {
  const load = guides[slug]
  if (!load) throw notFound()
  return { page: (await load()).page, markdown: `/docs/${slug}.md`, guide: slug }
}

export async function loadError(code: string): Promise<Loaded> {
  const load = errorPages[code]
  if (!load) throw notFound()
  return { page: (await load()).page, markdown: `/docs/errors/${code}.md`, guide: null }
}
