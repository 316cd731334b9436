// One guide or error page: text, code that can be copied, an outline, and the way on.

import { errors, navigation } from 'virtual:docs/index'
import { useLoaderData } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Block } from '../../docs/render-docs.ts'
import { usePageTitle } from '../page-title.ts'
import { docs as text } from '../strings/docs.ts'
import { CodeBlock, CodeTabs } from '../ui/code-block.tsx'
import { KeyPrefixChoice, useWithPrefix } from './key-prefix.tsx'
import type { Loaded } from './load-page.ts'
import { TextBlock } from './text-block.tsx'

const pages = navigation.flatMap(({ pages }) => pages)

export function GuidePage() {
  const { page, markdown, guide } = useLoaderData({ strict: false }) as unknown as Loaded
  usePageTitle(page.title)
  // The router scrolls before the page is there.
  useEffect(() => {
    if (page && location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView()
  }, [page])
  const place = pages.findIndex(({ slug }) => slug === guide)
  const [previous, next] = place < 0 ? [] : [pages[place - 1], pages[place + 1]]
  return (
    <div className="grid gap-10 xl:grid-cols-[minmax(0,1fr)_13rem]">
      <article className="min-w-0">
        <KeyPrefixChoice />
        {page.blocks.map((block, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a page stay in place
          <DocsBlock key={`${markdown}${index}`} block={block} />
        ))}
        {guide === 'errors' && <ErrorList />}
        <footer className="mt-12 flex flex-wrap items-center gap-x-6 gap-y-2 border-t border-line pt-4 text-[0.875rem]">
          {previous && (
            <a href={`/docs/${previous.slug}`} className="text-accent hover:underline">
              {text.previous}: {previous.title}
            </a>
          )}
          {next && (
            <a href={`/docs/${next.slug}`} className="text-accent hover:underline">
              {text.next}: {next.title}
            </a>
          )}
          <a href={markdown} className="ml-auto text-muted hover:text-ink">
            {text.markdown}
          </a>
        </footer>
      </article>
      {page.outline.length > 1 && (
        <nav
          aria-label={text.outline}
          className="sticky top-20 hidden max-h-[calc(100dvh-6rem)] self-start overflow-y-auto text-[0.875rem] xl:block"
        >
          <p className="mb-2 font-medium">{text.outline}</p>
          <ul className="grid gap-1.5">
            {page.outline
              .filter(({ depth }) => depth === 2)
              .map(({ id, text: heading }) => (
                <li key={id}>
                  <a href={`#${id}`} className="text-muted hover:text-ink">
                    {heading}
                  </a>
                </li>
              ))}
          </ul>
        </nav>
      )}
    </div>
  )
}

function DocsBlock({ block }: { readonly block: Block }) {
  const withPrefix = useWithPrefix()
  if (block.kind === 'html') return <TextBlock html={block.html} />
  const samples = block.samples.map(({ language, code }) => ({ language, code: withPrefix(code) }))
  const [first] = samples
  if (block.answer && first)
    return (
      <pre tabIndex={0} aria-label={first.language} className="my-4 overflow-x-auto border-l-2 border-line py-1 pl-4 text-muted">
        <code>{first.code}</code>
      </pre>
    )
  return (
    <div className="my-4">
      {samples.length > 1 ? <CodeTabs samples={samples} /> : first && <CodeBlock code={first.code} label={first.language} />}
    </div>
  )
}

export function ErrorList() {
  return (
    <section className="mt-8">
      <h2 className="mb-3 text-lg">{text.errors}</h2>
      <ul className="grid gap-x-6 sm:grid-cols-2">
        {errors.map(({ code, status, summary }) => (
          <li key={code} className="min-w-0 border-t border-line py-2.5 wrap-anywhere">
            <a href={`/docs/errors/${code}`} className="text-accent hover:underline">
              <code>{code}</code>
            </a>{' '}
            <span className="text-[0.8125rem] text-muted">{status}</span>
            <p className="text-[0.875rem] text-muted">{summary}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}
