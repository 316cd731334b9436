// What docs-plugin.ts makes of docs/.
declare module 'virtual:docs/index' {
  import type { ErrorEntry } from '../../docs/render-docs.ts'
  export const navigation: readonly {
    readonly title: string
    readonly pages: readonly { readonly slug: string; readonly title: string }[]
  }[]
  export const errors: readonly ErrorEntry[]
}
declare module 'virtual:docs/pages' {
  import type { DocsPage } from '../../docs/render-docs.ts'

  type Load = () => Promise<{ readonly page: DocsPage }>
  export const guides: Readonly<Record<string, Load>>
  export const errorPages: Readonly<Record<string, Load>>
}
declare module 'virtual:docs/search' {
  const index: string
  export default index
}
