// Runs a snippet the way a reader would: bash or python3, in an empty directory.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function run(
  program: string,
  args: string[],
  script: string,
  env: Record<string, string> = {},
  cwd?: string,
): Promise<Run> {
  const directory = cwd ?? (await mkdtemp(join(tmpdir(), 'aion-snippet-')))
  const child = spawn(program, args, { cwd: directory, env: { PATH: process.env.PATH ?? '', ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(script)
  const [code] = (await once(child, 'close')) as [number | null]
  if (!cwd) await rm(directory, { recursive: true, force: true })
  return { code, stdout, stderr }
}

export const bash = (script: string, env?: Record<string, string>, cwd?: string) =>
  run('bash', ['-e', '-u', '-o', 'pipefail', '-s'], script, env, cwd)

export async function python(script: string, env?: Record<string, string>, cwd?: string): Promise<Run> {
  const probe = await run('python3', ['-c', 'import requests'], '').catch(() => null)
  if (probe?.code !== 0)
    throw new Error('python3 with the module requests is needed here: install the Debian package python3-requests.')
  return run('python3', ['-'], script, env, cwd)
}
