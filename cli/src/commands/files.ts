// aion files: what is stored, one by one.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { UserFile } from '@aionvision/sdk'
import type { Command, Context } from '../command.ts'
import { type ExitCode, exitCodes, type Failure, usageFailure } from '../exit-codes.ts'
import { failureOf } from '../failure-of.ts'
import { text } from '../text.ts'
import { readableBytes, readableTime } from '../units.ts'

const ids = { name: 'ID', says: 'ids of files, as `aion files list` shows them', many: true } as const

export const filesList: Command = {
  name: 'files list',
  summary: 'list stored files, newest first',
  options: {
    limit: { type: 'string', value: 'N', says: 'at most so many (50)' },
    all: { type: 'boolean', says: 'all of them' },
    type: { type: 'string', value: 'KIND', says: 'only these', choices: ['image', 'document'] },
    tag: { type: 'strings', value: 'TAG', says: 'only files with it' },
    search: { type: 'string', value: 'TEXT', says: 'only files whose name or title has it' },
  },
  example: 'aion files list --type document --limit 10',
  async run({ output, either }, input) {
    const limit = input.flag('all') ? Number.POSITIVE_INFINITY : input.number('limit', 50, 1, 1_000_000)
    const type = input.value('type')
    const search = input.value('search')
    const query = {
      ...(type && { media_types: [type] }),
      ...(search && { search }),
      ...(input.values('tag').length && { tags: input.values('tag') }),
    }
    const files: UserFile[] = []
    for await (const file of either().files.list(query)) {
      files.push(file)
      if (files.length >= limit) break
    }
    output.list(
      files,
      [
        { title: 'NAME', value: (row) => row.filename ?? row.title },
        { title: 'TYPE', value: (row) => row.content_type },
        { title: 'SIZE', value: (row) => readableBytes(row.size_bytes) },
        { title: 'STORED', value: (row) => readableTime(row.created_at) },
        { title: 'TAGS', value: (row) => row.tags.join(' ') },
        { title: 'ID', value: (row) => row.id },
      ],
      'There are no files. `aion upload PATH` stores some.',
    )
    return exitCodes.ok
  },
}

export const filesGet: Command = {
  name: 'files get',
  summary: 'show all that is known of a file',
  positionals: [{ name: 'ID', says: 'the id of the file' }],
  example: 'aion files get 8f14e45f-ceea-467f-9575-6e1c2f0a7b11',
  async run({ output, either }, input) {
    const file = await either().files.get(input.at(0))
    output.record(file, [
      ['Name', file.original_filename],
      ['Title', file.title],
      ['Type', file.content_type],
      ['Size', readableBytes(file.size_bytes)],
      ['Pixels', file.dimensions.width ? `${file.dimensions.width} × ${file.dimensions.height}` : null],
      ['Stored', readableTime(file.created_at)],
      ['Tags', file.tags.join(' ')],
      ['SHA-256', file.hash],
      ['Id', file.id],
    ])
    return exitCodes.ok
  },
}

export const filesDownload: Command = {
  name: 'files download',
  summary: 'download files under their own names',
  positionals: [ids],
  options: {
    output: { type: 'string', short: 'o', value: 'PATH', says: 'a directory, or the name of the one file; - for stdout' },
    force: { type: 'boolean', short: 'f', says: 'replace what is there' },
  },
  example: 'aion files download 8f14e45f-ceea-467f-9575-6e1c2f0a7b11 --output photos',
  notes: ['A file appears when all of it has come and its SHA-256 is the one the server knows.'],
  async run(context, input) {
    const target = input.value('output')
    if (input.positionals.length > 1 && target !== null && (target === '-' || !isDirectory(target)))
      throw usageFailure('For several files --output must be a directory that exists.')
    return eachOf(context, input.positionals, (id) => download(context, id, target, input.flag('force')))
  },
}

export const filesRemove: Command = {
  name: 'files rm',
  summary: 'delete files; for 30 days the server can restore them',
  positionals: [ids],
  example: 'aion files rm 8f14e45f-ceea-467f-9575-6e1c2f0a7b11',
  async run(context, input) {
    const client = context.either()
    return eachOf(context, input.positionals, async (id) => {
      await client.files.delete(id)
      return { id, deleted: true }
    })
  },
}

/** One after the other; a failure is told and does not stop the rest. */
async function eachOf(
  { output, signal }: Context,
  wanted: readonly string[],
  act: (id: string) => Promise<{ id: string; path?: string }>,
): Promise<ExitCode> {
  const results: unknown[] = []
  const failures: Failure[] = []
  for (const id of wanted) {
    if (signal.aborted) throw signal.reason
    try {
      const done = await act(id)
      results.push(done)
      if (!output.json && done.path !== '-') output.print(text`${done.path ?? done.id}`)
    } catch (error) {
      const failure = failureOf(error)
      if (failure.exitCode === exitCodes.usage || failure.exitCode === exitCodes.interrupted) throw failure
      failures.push(failure)
      results.push({ id, error: { code: failure.code, message: failure.message } })
      output.note(text`${output.noteStyled('red', id)}: ${failure.message}`)
    }
  }
  if (output.json && !results.some((result) => (result as { path?: string }).path === '-')) output.list(results, [], '')
  const [first] = failures
  return !first ? exitCodes.ok : failures.length < wanted.length ? exitCodes.partly : first.exitCode
}

async function download(
  { output, either }: Context,
  id: string,
  target: string | null,
  force: boolean,
): Promise<{ id: string; path: string; size_bytes: number }> {
  const client = either()
  const details = await client.files.get(id)
  const body = await client.files.download(id)
  if (target === '-') {
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      await output.bytes(chunk)
    }
    return { id, path: '-', size_bytes: size }
  }
  const own = safeName(details.original_filename ?? id)
  const path = target === null ? own : isDirectory(target) ? join(target, own) : target
  if (existsSync(path) && !force) throw usageFailure(`${path} is there already: add --force to replace it.`)
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`)
  const file = await open(temporary, 'wx')
  const hash = createHash('sha256')
  let size = 0
  try {
    for await (const chunk of body) {
      hash.update(chunk)
      size += chunk.length
      await file.writeFile(chunk)
    }
    if (hash.digest('hex') !== details.hash)
      throw new Error(`What came of ${id} is not what was stored: its SHA-256 differs. Try again.`)
    await file.close()
    await rename(temporary, path)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
  return { id, path, size_bytes: size }
}

/** The server's name for it decides neither the directory nor a hidden file nor what a terminal does. */
function safeName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
  const plain = last.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '_').replace(/^\.+/, '_')
  return plain.trim() || 'file'
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
