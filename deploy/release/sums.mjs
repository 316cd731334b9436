// SHA-256 of files, and the list of them that sha256sum checks.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

export const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)

export function writeSums(directory) {
  const lines = readdirSync(directory)
    .sort()
    .map((file) => `${sha256(join(directory, file))}  ${file}\n`)
  writeFileSync(join(directory, 'SHA256SUMS'), lines.join(''))
}
