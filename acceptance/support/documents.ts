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

/** What stands between ``` and ```, and in which language, in the order of the page. */
export function snippetsOf(path: string): { language: string; text: string }[] {
  return [...read(path).matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }))
}

export function snippets(path: string, language: string): string[] {
  return snippetsOf(path)
    .filter((snippet) => snippet.language === language)
    .map(({ text }) => text)
}
