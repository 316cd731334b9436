// The files that the paths of `aion upload` name.
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exitCodes, Failure, usageFailure } from './exit-codes.ts'

export interface FoundFile {
  /** As the person would write it. */
  readonly path: string
  readonly absolute: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/**
 * In the order of their names, each once. In directories, names that begin with a dot are left out, and linked directories are not entered:
 * they may lead round in a circle.
 */
export function findFiles(paths: readonly string[], recursive: boolean): FoundFile[] {
  const found = new Map<string, FoundFile>()
  const add = (path: string) => {
    const { size, mtimeMs } = statSync(path)
    const absolute = resolve(path)
    found.set(absolute, { path, absolute, sizeBytes: size, modifiedMs: mtimeMs })
  }
  const walk = (directory: string) => {
    const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const path = join(directory, entry.name)
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile())) add(path)
    }
  }
  for (const path of paths) {
    const kind = statSync(path, { throwIfNoEntry: false })
    if (!kind) throw new Failure(exitCodes.notFound, `There is no file ${path}.`)
    if (!kind.isDirectory()) add(path)
    else if (recursive) walk(path)
    else throw usageFailure(`${path} is a directory: add --recursive to upload what is in it.`)
  }
  return [...found.values()]
}
