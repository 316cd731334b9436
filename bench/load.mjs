// One run of wrk on core 1 against one case, refused when any answer has a status that the case does not expect.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const script = fileURLToPath(new URL('wrk.lua', import.meta.url))

/** Resolves to a sentence when a tool is missing, else to null. */
export async function missingTool() {
  for (const [tool, flag, hint] of [
    ['wrk', '-v', 'apt-get install wrk'],
    ['taskset', '-V', 'apt-get install util-linux'],
  ])
    try {
      await run(tool, [flag])
    } catch (error) {
      if (error.code === 'ENOENT') return `The bench needs ${tool}, which is not installed: ${hint}`
    }
  return null
}

/** case_: name, base, path, method, lines, and header + prefix or nothing, body, connections, loadCore, expect, also. */
export async function load(case_, seconds, directory) {
  const file = join(directory, `${case_.name.replace(/\W+/g, '-')}.txt`)
  writeFileSync(file, `${case_.lines.join('\n')}\n`)
  const target = new URL(case_.path, case_.base).href
  const told = [case_.method ?? 'GET', case_.body ?? '', file, case_.header ?? '', case_.prefix ?? '']
  const settings = ['-t1', `-c${case_.connections ?? 64}`, `-d${seconds}s`, '--timeout', '20s', '-s', script]
  const { stdout } = await run('taskset', ['-c', case_.loadCore ?? '1', 'wrk', ...settings, target, '--', ...told])
  const line = stdout.split('\n').find((text) => text.startsWith('RESULT '))
  if (!line) throw new Error(`${case_.name}: wrk printed no result:\n${stdout}`)
  const result = JSON.parse(line.slice('RESULT '.length))
  const allowed = { [case_.expect ?? 200]: Number.POSITIVE_INFINITY, ...case_.also }
  for (const [status, count] of Object.entries(result.statuses))
    if (count > (allowed[status] ?? 0)) throw new Error(`${case_.name}: ${count} of ${result.requests} answers were ${status}`)
  if (result.socket > 0) throw new Error(`${case_.name}: ${result.socket} connections failed or timed out`)
  if (!result.requests) throw new Error(`${case_.name}: nothing was answered`)
  return { perSecond: result.requests / (result.microseconds / 1e6), p50: result.p50 / 1000, p99: result.p99 / 1000 }
}
