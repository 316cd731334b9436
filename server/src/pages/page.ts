// The frame of every plain page, and the headers that let it do nothing but show itself.
import type { FastifyReply } from 'fastify'
import { type Html, html, toText } from './html.ts'

const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export function sendPage(
  reply: FastifyReply,
  publicUrl: string,
  page: { status?: number; title: string; body: Html },
): FastifyReply {
  if (publicUrl.startsWith('https:')) reply.header('strict-transport-security', 'max-age=31536000')
  return (
    reply
      .code(page.status ?? 200)
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', policy)
      .header('x-frame-options', 'DENY')
      // The token in a link must not travel to another site; no-referrer would turn our own form's Origin into `null`.
      .header('referrer-policy', 'same-origin')
      .send(
        toText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · Aionvision</title>
<link rel="stylesheet" href="/dev/pages.css">
</head>
<body>
<main>
<h1>${page.title}</h1>
${page.body}
</main>
</body>
</html>
`),
      )
  )
}

export const stylesheet = `:root { color-scheme: light dark; --ink: light-dark(#16191a, #eceeed); --muted: light-dark(#565d5f, #a3abac); --paper: light-dark(#fbfbfa, #101314); --raised: light-dark(#ffffff, #171b1c); --line: light-dark(#e2e4e1, #2a3031); --link: light-dark(#0b7285, #5fd3e3) }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 0.9375rem/1.55 ui-sans-serif, system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1rem }
h1, h2 { line-height: 1.25; letter-spacing: -.014em; font-weight: 620 }
h1 { font-size: 1.6rem }
h2 { margin: 0; font-size: 1rem }
p { margin: .25rem 0 0; color: var(--muted); overflow-wrap: anywhere }
a { color: var(--link); text-underline-offset: 2px }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
article { margin: 1.5rem 0; padding: 1.25rem; border: 1px solid var(--line); border-radius: .625rem; background: var(--raised) }
pre { margin: 1rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .8125rem/1.6 ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace }
`
