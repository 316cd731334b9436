// Gives pages the table of README's "Measurements" as `virtual:measurements`, so that the site can say nothing else than what was measured.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const name = 'virtual:measurements'
const resolved = `\0${name}`

export function measurements(): Plugin {
  const readme = fileURLToPath(new URL('../README.md', import.meta.url))
  return {
    name: 'measurements',
    resolveId: (id) => (id === name ? resolved : undefined),
    load(id) {
      if (id !== resolved) return
      this.addWatchFile(readme)
      const parts = readFileSync(readme, 'utf8').split('\n## ')
      const section = parts.find((part) => part.startsWith('Measurements\n')) ?? ''
      const rows = [...section.matchAll(/^\| (?!What \|)(.+?) \| (.+?) \| (.+?) \|$/gm)]
      const plain = (cell: string) => cell.replaceAll('`', '')
      return `export const measurements = ${JSON.stringify(
        rows.map(([, what = '', measured = '', bar = '']) => ({ what: plain(what), measured: plain(measured), bar: plain(bar) })),
      )}`
    },
  }
}
