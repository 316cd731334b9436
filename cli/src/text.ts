// Text that may be shown on a terminal: what came from elsewhere is made harmless when it is put in.

/**
 * C0 and C1 controls and DEL drive a terminal (colours, titles, answers typed on the user's behalf); line and paragraph separators fake lines;
 * bidirectional controls show one thing and hold another (CVE-2021-42574).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Made by `text` alone, so that nothing is printed that did not pass through it. */
export class Text {
  readonly raw: string

  constructor(raw: string) {
    this.raw = raw
  }

  toString(): string {
    return this.raw
  }
}

export type Printable = Text | string | number | bigint | boolean | null | undefined

/** Control characters are shown as `\x1b` and the like. */
export function harmless(value: string): string {
  return value.replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

export function text(strings: TemplateStringsArray, ...values: readonly Printable[]): Text {
  return new Text(strings.reduce((whole, string, index) => whole + rendered(values[index - 1]) + string))
}

export function join(parts: readonly Printable[], separator: string): Text {
  return new Text(parts.map(rendered).join(separator))
}

/** As many columns as it takes; wide letters count as one. */
export function widthOf(value: Text): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours take no room.
  return [...value.raw.replace(/\u001b\[\d+m/g, '')].length
}

export function padded(value: Text, width: number): Text {
  return new Text(value.raw + ' '.repeat(Math.max(0, width - widthOf(value))))
}

function rendered(value: Printable): string {
  if (value instanceof Text) return value.raw
  return value === null || value === undefined ? '' : harmless(String(value))
}

/** One JSON document: what could drive a terminal is escaped, which JSON.stringify does for C0 only. */
export function json(value: unknown, indent?: number): Text {
  const escaped = JSON.stringify(value, null, indent)
    .split('\n')
    .map((line) => line.replace(unsafe, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`))
  return new Text(escaped.join('\n'))
}
