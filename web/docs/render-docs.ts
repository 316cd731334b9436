// Guides and error pages, from Markdown to what the site shows: blocks of HTML and of code, an outline, a search index.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Marked, type Token, type Tokens } from 'marked'
import MiniSearch from 'minisearch'
import { guides } from './order.ts'

export interface Heading {
  readonly id: string
  readonly text: string
  readonly depth: number
}
export type Block =
  | { readonly kind: 'html'; readonly html: string }
  | {
      readonly kind: 'code'
      readonly samples: readonly { readonly language: string; readonly code: string }[]
      readonly answer: boolean
    }
export interface DocsPage {
  readonly title: string
  readonly blocks: readonly Block[]
  readonly outline: readonly Heading[]
}
export interface ErrorEntry {
  readonly code: string
  readonly status: string
  readonly summary: string
}
interface Section {
  readonly id: string
  readonly page: string
  readonly title: string
  readonly text: string
}

/** What a fence shows rather than asks to be run. */
const answers = new Set(['http', 'json', 'text', 'csv', 'console'])
const languages: Readonly<Record<string, string>> = {
  bash: 'Shell',
  sh: 'Shell',
  python: 'Python',
  ts: 'TypeScript',
  js: 'JavaScript',
  http: 'Answer',
  json: 'JSON',
  console: 'Output',
}

export class Docs {
  readonly root: string
  constructor(root: string) {
    this.root = root
  }

  guide(slug: string): string {
    return readFileSync(join(this.root, 'guide', `${slug}.md`), 'utf8')
  }

  error(code: string): string {
    return readFileSync(join(this.root, 'errors', `${code}.md`), 'utf8')
  }

  /** Known ones in their order, then whatever nobody has put in order yet. */
  guides(): readonly string[] {
    const there = readdirSync(join(this.root, 'guide')).flatMap((name) => (name.endsWith('.md') ? [name.slice(0, -3)] : []))
    const known = guides.filter((slug) => there.includes(slug))
    return [...known, ...there.filter((slug) => !known.includes(slug)).sort()]
  }

  errors(): readonly ErrorEntry[] {
    const codes = readdirSync(join(this.root, 'errors')).flatMap((name) => (name.endsWith('.md') ? [name.slice(0, -3)] : []))
    return codes.sort().map((code) => {
      const [, status = '', summary = ''] = /^`([^`]+)` · (.+)$/m.exec(this.error(code)) ?? []
      return { code, status, summary }
    })
  }

  titleOf(slug: string): string {
    return /^# (.+)$/m.exec(this.guide(slug))?.[1] ?? slug
  }

  searchIndex(): string {
    const index = new MiniSearch<Section>({ fields: ['title', 'text'], storeFields: ['page', 'title'] })
    for (const slug of this.guides()) index.addAll(sectionsOf(`/docs/${slug}`, this.guide(slug)))
    for (const { code } of this.errors()) index.addAll(sectionsOf(`/docs/errors/${code}`, this.error(code)).slice(0, 1))
    return JSON.stringify(index)
  }

  /** https://llmstxt.org */
  llmsTxt(): string {
    const line = (name: string, path: string) => `- [${name}](${path}.md)`
    return [
      '# Aionvision',
      '',
      '> The platform behind an image-and-document API: accounts, API keys, limits, uploads, usage. The contract is at /openapi.json.',
      '',
      '## Guides',
      '',
      ...this.guides().map((slug) => line(this.titleOf(slug), `/docs/${slug}`)),
      '',
      '## Errors',
      '',
      ...this.errors().map(({ code }) => line(code, `/docs/errors/${code}`)),
      '',
    ].join('\n')
  }
}

export function render(markdown: string): DocsPage {
  const outline: Heading[] = []
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens)
        const text = plain(html)
        const id = idOf(text)
        if (depth === 1) return `<h1 class="text-2xl">${html}</h1>`
        outline.push({ id, text, depth })
        return `<h${depth} id="${id}"><a href="#${id}" class="heading-link">${html}</a></h${depth}>`
      },
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens)
        const target = siteAddress(href)
        return target === null ? inner : `<a href="${escapeAttribute(target)}">${inner}</a>`
      },
      table(token) {
        const row = (cells: readonly Tokens.TableCell[], tag: string) =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`
        const head = token.header.some(({ text }) => text !== '') ? `<thead>${row(token.header, 'th')}</thead>` : ''
        return `<div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table>${head}<tbody>${token.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`
      },
    },
  })
  const blocks: Block[] = []
  let text: Token[] = []
  let codes: Tokens.Code[] = []
  const settleText = () => {
    if (text.length > 0) blocks.push({ kind: 'html', html: marked.parser(text) })
    text = []
  }
  const settleCodes = () => {
    // Neighbours in different languages say the same thing; in the same one they are steps.
    const one = codes.length > 1 && new Set(codes.map(({ lang }) => lang)).size === codes.length && !codes.some(isAnswer)
    for (const group of one ? [codes] : codes.map((code) => [code]))
      blocks.push({
        kind: 'code',
        answer: group.some(isAnswer),
        samples: group.map(({ lang, text: code }) => ({ language: languages[lang ?? ''] ?? lang ?? 'Text', code })),
      })
    codes = []
  }
  for (const token of marked.lexer(markdown)) {
    if (token.type === 'code') {
      settleText()
      codes.push(token as Tokens.Code)
    } else if (token.type !== 'space') {
      settleCodes()
      text.push(token)
    }
  }
  settleText()
  settleCodes()
  return { title: plain(/^# (.+)$/m.exec(markdown)?.[1] ?? ''), blocks, outline }
}

const isAnswer = ({ lang }: Tokens.Code) => answers.has(lang ?? '')

/** Where a link between documents leads on the site; null for what is only in the repository. */
function siteAddress(href: string): string | null {
  if (href.startsWith('#') || /^https?:/.test(href)) return href
  const [path = '', hash] = href.split('#')
  const anchor = hash ? `#${hash}` : ''
  const name = path.replace(/^.*\//, '').replace(/\.md$/, '')
  if (path.endsWith('openapi.json')) return '/openapi.json'
  if (!path.endsWith('.md') || path.includes('decisions/') || /^[./]*(README|ARCHITECTURE|CONTRIBUTING)\.md$/.test(path))
    return null
  return `${/^[A-Z_]+$/.test(name) ? '/docs/errors/' : '/docs/'}${name}${anchor}`
}

/** As GitHub makes them, so that links work in both places. */
export function idOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}

const plain = (html: string) =>
  html
    .replace(/<[^>]+>|`/g, '')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, '’')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
const escapeAttribute = (value: string) => value.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')

function sectionsOf(page: string, markdown: string): Section[] {
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? page
  return markdown.split(/^(?=##? )/m).map((part, index) => {
    const heading = plain(/^##? (.+)$/m.exec(part)?.[1] ?? title)
    const at = index === 0 ? page : `${page}#${idOf(heading)}`
    return { id: at, page: at, title: index === 0 ? title : `${title} · ${heading}`, text: part }
  })
}
