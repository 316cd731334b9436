// Breaks every snippet of the documents, the first of each page in a language, then the second, …, and looks whether its page's test fails.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { snippetsOf } from '../support/documents.ts'
import { run } from '../support/run.ts'
import { repository } from '../support/server.ts'
import { notRun, pages, runners } from '../support/snippet-runners.ts'

interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly { readonly status: string }[] }[]
}

/** By language and place: how many pages each file of tests then has broken. */
const rounds = new Map<string, Map<string, number>>()
for (const page of pages) {
  const seen: Record<string, number> = {}
  for (const { language } of snippetsOf(page)) {
    if (notRun.includes(`${page} ${language}`)) continue
    const place = seen[language] ?? 0
    seen[language] = place + 1
    const runner = page.startsWith('docs/errors/') ? 'acceptance/error-pages.test.ts' : runners[`${page} ${language}`]
    const file = runner === '.ci/run' ? 'acceptance/executed-snippets.test.ts' : (runner ?? '')
    const broken = rounds.get(`${language} ${place}`) ?? new Map<string, number>()
    // The tools of `npm run clients` are installed by it alone.
    if (!file.includes('/long/')) rounds.set(`${language} ${place}`, broken.set(file, (broken.get(file) ?? 0) + 1))
  }
}

test.each([...rounds])(
  'broken: %s',
  async (round, files) => {
    const directory = await mkdtemp(join(tmpdir(), 'aion-broken-'))
    const report = join(directory, 'report.json')
    const args = ['run', ...files.keys(), '--reporter=json', '--outputFile', report]
    await run('npx', ['vitest', ...args], '', { HOME: process.env.HOME ?? '/', AION_BREAK_SNIPPETS: round }, repository)
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report
    await rm(directory, { recursive: true })
    const failed = testResults.map(({ name, assertionResults }) => [
      name.slice(repository.length + 1),
      assertionResults.filter(({ status }) => status === 'failed').length,
    ])
    console.log(`${round}: ${[...files.values()].reduce((sum, count) => sum + count)} broken, ${JSON.stringify(failed)} failed`)
    for (const [file, count] of files) {
      const [, told] = failed.find(([name]) => name === file) ?? []
      expect([file, Number(told) >= count], `${told} tests failed for ${count} broken pages`).toEqual([file, true])
    }
  },
  900_000,
)
