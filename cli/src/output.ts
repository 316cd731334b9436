// How a command speaks: tables and sentences to a person, JSON to a program.
import type { Writable } from 'node:stream'
import { json, type Printable, padded, Text, text, widthOf } from './text.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
}

export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface OutputOptions {
  readonly stdout: Writable & Terminal
  readonly stderr: Writable & Terminal
  /** Asked for by --json; without it JSON is what a pipe gets. */
  readonly json: boolean
  /** https://no-color.org: any value that is not empty. */
  readonly noColor: boolean
}

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => Printable
}

export class Output {
  readonly json: boolean
  /** --json stood there: faults are told as JSON too. */
  readonly jsonAsked: boolean
  readonly interactive: boolean
  readonly #options: OutputOptions

  constructor(options: OutputOptions) {
    this.#options = options
    this.jsonAsked = options.json
    this.json = options.json || !options.stdout.isTTY
    this.interactive = Boolean(options.stderr.isTTY)
  }

  get columns(): number {
    return this.#options.stderr.columns || 80
  }

  /** The result, on stdout. */
  print(line: Text): void {
    this.#options.stdout.write(`${line.raw}\n`)
  }

  /** What goes beside the result, on stderr. */
  note(line: Text): void {
    this.#options.stderr.write(`${line.raw}\n`)
  }

  /** Replaces the line that stands there; only on a terminal. */
  overwrite(line: Text): void {
    if (this.interactive) this.#options.stderr.write(`\r\u001b[2K${line.raw}`)
  }

  bytes(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.stdout.write(chunk, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** For lines on stdout; `noteStyled` is for stderr. */
  styled(style: Style, value: Printable): Text {
    return this.#styled(style, value, this.#options.stdout)
  }

  noteStyled(style: Style, value: Printable): Text {
    return this.#styled(style, value, this.#options.stderr)
  }

  /** A list: JSON array or table. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    if (this.json) this.print(json(rows, 2))
    else if (rows.length === 0) this.print(text`${empty}`)
    else this.#table(rows, columns)
  }

  #table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const head = columns.map(({ title }) => text`${title}`)
    const body = rows.map((row) => columns.map(({ value }) => shown(value(row))))
    const widths = columns.map((_, at) => Math.max(...[head, ...body].map((cells) => widthOf(cells[at] ?? text``))))
    const line = (cells: readonly Text[]) =>
      cells
        .map((cell, at) => padded(cell, widths[at] ?? 0).raw)
        .join('  ')
        .trimEnd()
    this.print(this.styled('bold', new Text(line(head))))
    for (const cells of body) this.print(new Text(line(cells)))
  }

  /** One thing: JSON object, or a line for each pair. */
  record(value: unknown, pairs: readonly (readonly [label: string, value: Printable])[]): void {
    if (this.json) this.print(json(value, 2))
    else this.#pairs(pairs)
  }

  /** One event of many: a line of JSON, or a sentence. */
  event(value: unknown, sentence: Text): void {
    this.print(this.json ? json(value) : sentence)
  }

  /** What was done: JSON, or a sentence. */
  done(value: unknown, sentence: Text): void {
    this.print(this.json ? json(value, 2) : sentence)
  }

  /** One value, for `$(…)` in a shell: quoted only where --json asks for it. */
  plain(value: string): void {
    this.print(this.jsonAsked ? json(value) : text`${value}`)
  }

  warn(sentence: Text): void {
    this.note(text`${this.noteStyled('yellow', 'Warning:')} ${sentence}`)
  }

  #pairs(pairs: readonly (readonly [label: string, value: Printable])[]): void {
    const width = Math.max(...pairs.map(([label]) => label.length))
    for (const [label, item] of pairs) this.print(text`${this.styled('dim', label.padEnd(width))}  ${shown(item)}`)
  }

  #styled(style: Style, value: Printable, stream: Terminal): Text {
    const inner = text`${value}`
    if (!stream.isTTY || this.#options.noColor) return inner
    const [on, off] = codes[style]
    return new Text(`\u001b[${on}m${inner.raw}\u001b[${off}m`)
  }
}

function shown(value: Printable): Text {
  return value === null || value === undefined || value === '' ? text`–` : text`${value}`
}
