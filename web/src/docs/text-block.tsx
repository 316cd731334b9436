// HTML that the build made of our own Markdown; nothing that anybody typed comes here. Links between pages go by the router.
import { useNavigate } from '@tanstack/react-router'
import type { MouseEvent } from 'react'

export function TextBlock({ html }: { readonly html: string }) {
  const navigate = useNavigate()
  const follow = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a')
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    if (link.origin !== location.origin || !link.pathname.startsWith('/docs/') || link.pathname.endsWith('.md')) return
    if (link.pathname === location.pathname) return
    event.preventDefault()
    void navigate({ to: link.pathname as never, hash: link.hash.slice(1) })
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the links in it have keys of their own
    // biome-ignore lint/a11y/noStaticElementInteractions: the same
    <div
      className="prose"
      onClick={follow}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: made by the build from docs/
      dangerouslySetInnerHTML={{ __html: html }}
    />
  )
}
