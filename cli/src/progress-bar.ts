// One line on a terminal that says how far it is: share, bytes, rate, remaining time.
import type { Output } from './output.ts'
import { text } from './text.ts'
import { readableBytes, readableSeconds } from './units.ts'

const redrawMs = 100
/** The rate is that of the last seconds, so that it follows the network without jumping about. */
const rateWindowMs = 5_000
const barWidth = 16

export class ProgressBar {
  readonly #output: Output
  readonly #now: () => number
  readonly #totalBytes: number
  readonly #totalFiles: number
  readonly #samples: { at: number; bytes: number }[] = []
  #drawnAt = 0

  constructor(output: Output, now: () => number, total: { readonly bytes: number; readonly files: number }) {
    this.#output = output
    this.#now = now
    this.#totalBytes = total.bytes
    this.#totalFiles = total.files
    this.#samples.push({ at: now(), bytes: 0 })
  }

  update(bytes: number, files: number): void {
    const at = this.#now()
    if (!this.#output.interactive || at - this.#drawnAt < redrawMs) return
    this.#drawnAt = at
    this.#samples.push({ at, bytes })
    while (this.#samples.length > 2 && (this.#samples[0]?.at ?? at) < at - rateWindowMs) this.#samples.shift()
    const since = this.#samples[0] ?? { at, bytes: 0 }
    const rate = at > since.at ? ((bytes - since.bytes) * 1000) / (at - since.at) : 0
    const share = this.#totalBytes === 0 ? files / Math.max(1, this.#totalFiles) : Math.min(1, bytes / this.#totalBytes)
    const filled = Math.round(share * barWidth)
    const left = rate > 0 ? `${readableSeconds((this.#totalBytes - bytes) / rate)} left` : ''
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`
    const line = `${bar} ${Math.floor(share * 100)}%  ${files}/${this.#totalFiles}  ${readableBytes(bytes)}  ${readableBytes(rate)}/s  ${left}`
    this.#output.overwrite(text`${line.slice(0, this.#output.columns - 1)}`)
  }

  clear(): void {
    this.#output.overwrite(text``)
  }
}
