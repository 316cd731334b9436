// The documents as data: their files, and the fenced snippets in them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './server.ts'

export function documents(): string[] {
  const inDocs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  )
  return ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...inDocs.map((file) => join('docs', file)).sort()]
}

export function read(path: string): string {
  return readFileSync(join(repository, path), 'utf8')
}

/** A first line that fails: for `npm run snippets`, which breaks one after the other and looks whether somebody notices. */
const breaks: Readonly<Record<string, string>> = {
  bash: 'false',
  sh: 'false',
  python: 'raise SystemExit(9)',
  js: 'throw new Error()',
  ts: 'throw new Error()',
}

/** What stands between ``` and ```, and in which language, in the order of the page. */
export function snippetsOf(path: string): { language: string; text: string }[] {
  const [broken, place] = process.env.AION_BREAK_SNIPPETS?.split(' ') ?? []
  const seen: Record<string, number> = {}
  return [...read(path).matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => {
    seen[language] = (seen[language] ?? -1) + 1
    const whole = language !== broken || seen[language] !== Number(place)
    return { language, text: whole ? text : `${breaks[language] ?? 'broken'}\n${text}` }
  })
}

export function snippets(path: string, language: string): string[] {
  return snippetsOf(path)
    .filter((snippet) => snippet.language === language)
    .map(({ text }) => text)
}
