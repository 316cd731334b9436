// aion upload: files and directories, several at once; what is refused is named and does not stop the rest.
import type { Aionvision } from '@aionvision/sdk'
import type { Command, Context } from '../command.ts'
import { type ExitCode, exitCodes, Failure } from '../exit-codes.ts'
import { failureOf } from '../failure-of.ts'
import { type FoundFile, findFiles } from '../find-files.ts'
import { ProgressBar } from '../progress-bar.ts'
import { text } from '../text.ts'
import { readableBytes, readableSeconds } from '../units.ts'
import { UploadJournal } from '../upload-journal.ts'

/** Time for a file: five minutes, and more for what a line of 400 kbit/s needs for its bytes. */
const patienceMs = 300_000
const slowestBytesPerMs = 50

type Result =
  | { readonly file: FoundFile; readonly id: string; readonly earlier: boolean }
  | { readonly file: FoundFile; readonly failure: Failure }

export const upload: Command = {
  name: 'upload',
  summary: 'upload files and directories',
  positionals: [{ name: 'PATH', says: 'files, or directories with --recursive', many: true }],
  options: {
    recursive: { type: 'boolean', short: 'r', says: 'go into directories' },
    tag: { type: 'strings', short: 't', value: 'TAG', says: 'a tag for each file' },
    again: { type: 'boolean', says: 'send what an earlier run, cut off, has stored as well' },
  },
  example: 'aion upload --recursive photos --tag holiday',
  notes: ['The same command again, after it was cut off or some files failed, sends only what is not stored yet.'],
  async run(context, input) {
    const files = findFiles(input.positionals, input.flag('recursive'))
    if (files.length === 0) throw new Failure(exitCodes.notFound, 'There are no files there.')
    const began = context.now()
    const journal = openJournal(context, input.positionals)
    if (input.flag('again')) journal.finish()
    const results = await store(context, context.either(), { files, journal, tags: input.values('tag') })
    return report(context, results, (context.now() - began) / 1000)
  },
}

/** Two runs are the same when they go from the same place with the same paths to the same workspace. */
function openJournal({ settings, credentials, now }: Context, paths: readonly string[]): UploadJournal {
  const credential = credentials.either()
  const who = credential?.kind === 'session' ? (credential.stored?.email ?? null) : credential?.secret.slice(0, 14)
  return new UploadJournal(settings.directory, [settings.baseUrl, settings.tenant, who, process.cwd(), ...paths], now)
}

interface Work {
  readonly files: readonly FoundFile[]
  readonly journal: UploadJournal
  readonly tags: readonly string[]
}

async function store(context: Context, client: Aionvision, { files, journal, tags }: Work): Promise<Result[]> {
  const { output, now, signal } = context
  const results: Result[] = files.flatMap((file) => {
    const id = journal.recall(file)?.file_id
    return id ? [{ file, id, earlier: true }] : []
  })
  const done = new Set(results.map(({ file }) => file))
  const waiting = files.filter((file) => !done.has(file))
  const bar = new ProgressBar(output, now, { files: waiting.length, bytes: sum(waiting.map(({ sizeBytes }) => sizeBytes)) })
  const sent = new Map<FoundFile, number>()
  let sentBytes = 0
  const draw = (file: FoundFile, bytes: number) => {
    sentBytes += bytes - (sent.get(file) ?? 0)
    sent.set(file, bytes)
    bar.update(sentBytes, results.length - done.size)
  }
  const take = (result: Result) => {
    results.push(result)
    if ('failure' in result) {
      bar.clear()
      output.note(text`${output.noteStyled('red', 'Not stored:')} ${result.file.path}: ${result.failure.message}`)
    }
    draw(result.file, result.file.sizeBytes)
  }
  const empty = (file: FoundFile) => file.sizeBytes === 0
  for (const file of waiting.filter(empty))
    take({ file, failure: new Failure(exitCodes.refused, 'It is empty.', { code: 'VALIDATION_ERROR' }) })
  const items = waiting
    .filter((file) => !empty(file))
    .map((file) => ({
      file,
      source: file.path,
      objectKey: journal.recall(file)?.object_key,
      idempotencyKey: journal.idempotencyKey(file),
      timeout: patienceMs + file.sizeBytes / slowestBytesPerMs,
      onBegun: (objectKey: string) => journal.note(file, { object_key: objectKey }),
      onProgress: (bytes: number) => draw(file, bytes),
    }))
  try {
    for await (const outcome of client.uploads.uploadMany(items, { signal })) {
      signal.throwIfAborted()
      if (typeof outcome.item === 'string') continue
      const { file } = outcome.item
      const result =
        outcome.status === 'failed'
          ? { file, failure: failureOf(outcome.error) }
          : await tagged(client, tags, { file, id: outcome.upload.id })
      // Without its tags it is not done: confirmed again, it is found again.
      if ('id' in result) journal.note(file, { file_id: result.id })
      take(result)
    }
  } finally {
    bar.clear()
    if (results.length === files.length && results.every((result) => 'id' in result)) journal.finish()
  }
  return results
}

async function tagged(
  client: Aionvision,
  tags: readonly string[],
  { file, id }: { file: FoundFile; id: string },
): Promise<Result> {
  if (tags.length === 0) return { file, id, earlier: false }
  try {
    await client.files.update(id, { tags: [...tags] })
    return { file, id, earlier: false }
  } catch (error) {
    const { exitCode, message, code, requestId } = failureOf(error)
    return {
      file,
      failure: new Failure(exitCode, `stored as ${id}, but not tagged: ${message}`, { code: code ?? undefined, requestId }),
    }
  }
}

function report({ output }: Context, results: readonly Result[], seconds: number): ExitCode {
  const stored = results.flatMap((result) => ('id' in result ? [result] : []))
  const failures = results.flatMap((result) => ('failure' in result ? [result] : []))
  const bytes = sum(stored.map(({ file }) => file.sizeBytes))
  const earlier = stored.filter((result) => result.earlier).length
  const count = `${stored.length} ${stored.length === 1 ? 'file' : 'files'}`
  const sentence = text`${output.styled('green', 'Stored')} ${count} (${readableBytes(bytes)}) in ${readableSeconds(seconds)}${earlier ? `, ${earlier} of them before` : ''}${failures.length ? `; ${failures.length} not: run it again when they are put right` : ''}.`
  output.done(
    {
      stored: stored.length,
      failed: failures.length,
      size_bytes: bytes,
      seconds,
      files: results.map((result) => ({
        path: result.file.path,
        size_bytes: result.file.sizeBytes,
        ...('id' in result
          ? { status: 'stored', id: result.id, earlier: result.earlier }
          : { status: 'failed', error: { code: result.failure.code, message: result.failure.message } }),
      })),
    },
    sentence,
  )
  const [first] = failures
  return !first ? exitCodes.ok : stored.length ? exitCodes.partly : first.failure.exitCode
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
