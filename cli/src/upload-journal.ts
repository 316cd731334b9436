// What an upload has reached, so that the same command, run again after it was cut off, neither loses nor doubles a file.
import { createHash, randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { FoundFile } from './find-files.ts'

/** Longer than a weekend; after it nobody means the same upload. */
const keptMs = 7 * 86_400_000

interface Reached {
  /** Asked for, not known to be confirmed: confirming again is how to find out. */
  readonly object_key?: string
  /** Confirmed: the id of the file. */
  readonly file_id?: string
}

interface Line extends Reached {
  readonly path: string
  readonly size: number
  readonly modified: number
}

/** A file of lines that only grows, one for each step of each file: a killed process leaves a whole line or none. */
export class UploadJournal {
  readonly #path: string
  readonly #lines = new Map<string, Line>()
  #run = ''

  /** `scope` is what makes two runs the same. */
  constructor(directory: string, scope: readonly unknown[], now: () => number) {
    const journals = join(directory, 'uploads')
    mkdirSync(journals, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(journals)) {
      const found = statSync(join(journals, name), { throwIfNoEntry: false })
      if (found && found.mtimeMs + keptMs < now()) rmSync(join(journals, name), { force: true })
    }
    this.#path = join(journals, `${createHash('sha256').update(JSON.stringify(scope)).digest('hex').slice(0, 32)}.jsonl`)
    this.#read()
  }

  /** Null for a file that is new or was changed since. */
  recall({ absolute, sizeBytes, modifiedMs }: FoundFile): Reached | null {
    const line = this.#lines.get(absolute)
    return line && line.size === sizeBytes && line.modified === modifiedMs ? line : null
  }

  note({ absolute, sizeBytes, modifiedMs }: FoundFile, reached: Reached): void {
    const line = { path: absolute, size: sizeBytes, modified: modifiedMs, ...reached }
    this.#lines.set(absolute, line)
    this.#append(line)
  }

  /** The same for this file each time this run goes on, should even its object key have been lost. */
  idempotencyKey({ absolute, sizeBytes, modifiedMs }: FoundFile): string {
    if (!this.#run) {
      this.#run = randomUUID()
      this.#append({ run: this.#run })
    }
    return createHash('sha256')
      .update(JSON.stringify([this.#run, absolute, sizeBytes, modifiedMs]))
      .digest('hex')
  }

  /** All is stored: the next run of the same command is a new one. */
  finish(): void {
    rmSync(this.#path, { force: true })
    this.#lines.clear()
    this.#run = ''
  }

  #append(line: Line | { run: string }): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 })
  }

  #read(): void {
    const content = statSync(this.#path, { throwIfNoEntry: false }) ? readFileSync(this.#path, 'utf8') : ''
    // What stands behind the last line's end was cut off.
    for (const text of content.split('\n').slice(0, -1)) {
      const line = JSON.parse(text) as Line | { run: string }
      if ('run' in line) this.#run = line.run
      else this.#lines.set(line.path, line)
    }
  }
}
