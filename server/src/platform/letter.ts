// One look for every mail: plain text with link and token alone on their lines, and the same as HTML.
import { escapeHtml } from './escape-html.ts'

export interface Content {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface Letter {
  readonly subject: string
  readonly lead: string
  /** Further paragraphs, or the items of a list. */
  readonly lines?: readonly string[]
  readonly action: { readonly label: string; readonly url: string } | null
  readonly token: string | null
  readonly closing: string
}

export function renderLetter({ subject, lead, lines = [], action, token, closing }: Letter): Content {
  // No name: until the address is proved it is a stranger's text, and would make this server carry it to anybody (S21).
  const greeting = 'Hello,'
  const text = [
    greeting,
    '',
    lead,
    '',
    ...(lines.length ? [...lines, ''] : []),
    ...(action ? [`${action.label}:`, action.url, ''] : []),
    ...(token ? ['For a program, the token by itself:', token, ''] : []),
    closing,
    '',
    'Aionvision',
  ].join('\n')
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:34rem;margin:2rem auto;padding:0 1rem">
<p>${escapeHtml(greeting)}</p><p>${escapeHtml(lead)}</p>
${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')}
${action ? `<p><a href="${escapeHtml(action.url)}" style="display:inline-block;background:#1d4ed8;color:#fff;padding:.6rem 1.1rem;border-radius:.4rem;text-decoration:none">${escapeHtml(action.label)}</a></p>` : ''}
${token ? `<p>For a program, the token by itself:<br><code>${escapeHtml(token)}</code></p>` : ''}
<p style="color:#555">${escapeHtml(closing)}</p><p>Aionvision</p></body></html>`
  return { subject, text, html }
}
