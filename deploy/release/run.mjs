// Runs a program and answers what it printed; when it fails, what it said is the error.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** `ask`: it may ask at the terminal, for the passphrase of a key. */
export async function run(program, args, { cwd, env = {}, ask = false } = {}) {
  const stdio = [ask ? 'inherit' : 'ignore', 'pipe', ask ? 'inherit' : 'pipe']
  const child = spawn(program, args, { cwd, stdio, env: { ...process.env, ...env } })
  const printed = { out: '', all: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed.out += text
    printed.all += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    printed.all += text
  })
  const code = await Promise.race([
    once(child, 'close').then(([code]) => code),
    once(child, 'error').then(([error]) => {
      throw new Error(`${program} cannot be run (${error.code}).`)
    }),
  ])
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}.\n${printed.all.trim()}`)
  return printed.out.trim()
}
