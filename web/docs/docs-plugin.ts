// Makes the documents part of the build: each page a module of its own, loaded when it is read; and each as the Markdown it is.
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { groups } from './order.ts'
import { Docs, render } from './render-docs.ts'

const prefix = 'virtual:docs/'

export function docsPlugin(root: string): Plugin {
  const docs = new Docs(root)
  const known = new Set<string>(groups.flatMap(({ slugs }) => slugs))
  return {
    name: 'docs',
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return null
      const name = id.slice(prefix.length + 1)
      for (const slug of docs.guides()) this.addWatchFile(join(root, 'guide', `${slug}.md`))
      if (name === 'index') {
        const guides = docs.guides()
        const more = guides.filter((slug) => !known.has(slug))
        const navigation = [...groups, ...(more.length > 0 ? [{ title: 'More', slugs: more }] : [])].map(({ title, slugs }) => ({
          title,
          pages: slugs.filter((slug) => guides.includes(slug)).map((slug) => ({ slug, title: docs.titleOf(slug) })),
        }))
        return `export const navigation = ${JSON.stringify(navigation)}\nexport const errors = ${JSON.stringify(docs.errors())}`
      }
      if (name === 'pages') {
        const entry = (kind: string, slug: string) =>
          `${JSON.stringify(slug)}: () => import(${JSON.stringify(`${prefix}${kind}/${slug}`)})`
        return `export const guides = {${docs.guides().map((slug) => entry('guide', slug))}}
export const errorPages = {${docs.errors().map(({ code }) => entry('error', code))}}`
      }
      if (name === 'search') return `export default ${JSON.stringify(docs.searchIndex())}`
      const [kind, slug = ''] = name.split('/')
      return `export const page = ${JSON.stringify(render(kind === 'guide' ? docs.guide(slug) : docs.error(slug)))}`
    },
    generateBundle() {
      const emit = (fileName: string, source: string) => this.emitFile({ type: 'asset', fileName, source })
      for (const slug of docs.guides()) emit(`docs/${slug}.md`, docs.guide(slug))
      for (const { code } of docs.errors()) emit(`docs/errors/${code}.md`, docs.error(code))
      emit('llms.txt', docs.llmsTxt())
    },
  }
}
