// Questions to the person at the terminal; answers nothing where there is none.
import type { ReadStream } from 'node:tty'
import { usageFailure } from './exit-codes.ts'
import type { Output } from './output.ts'
import { type Text, text } from './text.ts'

export class Prompt {
  readonly possible: boolean
  readonly #stdin: ReadStream
  readonly #output: Output

  constructor(stdin: ReadStream, output: Output) {
    this.#stdin = stdin
    this.#output = output
    this.possible = Boolean(stdin.isTTY) && output.interactive
  }

  /** For what cannot be undone. `yes` is --yes. */
  async confirm(question: Text, yes: boolean): Promise<void> {
    if (yes) return
    if (!this.possible) throw usageFailure('This cannot be undone: add --yes to do it without being asked.')
    const answer = await this.#read(text`${question} [y/N] `, true)
    if (!/^y(es)?$/i.test(answer.trim())) throw usageFailure('Nothing was done.')
  }

  /** Not shown while it is typed. */
  hidden(question: Text): Promise<string> {
    return this.#read(text`${question} `, false)
  }

  #read(question: Text, shown: boolean): Promise<string> {
    const stdin = this.#stdin
    // Before the question: what is typed the moment it stands there is not echoed.
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    stdin.resume()
    this.#output.overwrite(question)
    return new Promise((resolve, reject) => {
      let typed = ''
      const end = (settle: () => void) => {
        stdin.off('data', take)
        stdin.setRawMode(false)
        stdin.pause()
        this.#output.note(text``)
        settle()
      }
      const take = (chunk: string) => {
        for (const character of chunk) {
          if (character === '\r' || character === '\n') return end(() => resolve(typed))
          if (character === '\u0003' || character === '\u0004') return end(() => reject(usageFailure('Nothing was done.')))
          if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
          else if (character >= ' ') typed += character
        }
        if (shown) this.#output.overwrite(text`${question}${typed}`)
      }
      stdin.on('data', take)
    })
  }
}
