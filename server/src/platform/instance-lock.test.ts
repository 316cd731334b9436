// The lock on a data directory, between processes and after their sudden deaths.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { acquireInstanceLock } from './instance-lock.ts'
import { StartupError } from './startup-error.ts'

let home: string
let script: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'aion-lock-'))
  script = join(home, 'hold.mjs')
  await build({
    stdin: {
      contents: `import { acquireInstanceLock } from './instance-lock.ts'
        acquireInstanceLock(process.argv[2]).then(
          () => { console.log('held'); setInterval(() => {}, 1000) },
          (error) => { console.log(error.message); process.exit(1) })`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  })
})

afterAll(() => rm(home, { recursive: true, force: true }))

async function hold(dataDir: string) {
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

it('lets one instance in, and the next when the first has left', async () => {
  const dataDir = join(home, 'one')
  const lock = await acquireInstanceLock(dataDir)
  const refused = await acquireInstanceLock(dataDir).catch((error) => error)
  expect(refused).toBeInstanceOf(StartupError)
  expect(refused.message).toBe(`The data directory ${dataDir} is used by another instance.`)
  expect((await hold(dataDir)).said).toBe(refused.message)
  await lock.release()
  await (await acquireInstanceLock(dataDir)).release()
})

it('knows the directory by whatever path leads there, and other directories apart', async () => {
  const lock = await acquireInstanceLock(join(home, 'two'))
  await symlink(join(home, 'two'), join(home, 'alias'))
  await expect(acquireInstanceLock(join(home, 'alias'))).rejects.toThrow('is used by another instance.')
  const other = await acquireInstanceLock(join(home, 'three'))
  await other.release()
  await lock.release()
})

it('is free at once after kill -9', async () => {
  const dataDir = join(home, 'four')
  const { child, said } = await hold(dataDir)
  expect(said).toBe('held')
  await expect(acquireInstanceLock(dataDir)).rejects.toThrow(StartupError)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await acquireInstanceLock(dataDir)).release()
})

it('lets exactly one of many in', async () => {
  const dataDir = join(home, 'five')
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => acquireInstanceLock(dataDir)))
  const held = tries.filter((result) => result.status === 'fulfilled')
  expect(held).toHaveLength(1)
  for (const { value } of held) await value.release()
})

it.runIf(process.platform === 'linux')('has a name that every release of Node spells alike', async () => {
  const before = await readFile('/proc/net/unix', 'latin1')
  const lock = await acquireInstanceLock(join(home, 'six'))
  const names = (await readFile('/proc/net/unix', 'latin1')).match(/@aion-instance-.*$/gm) ?? []
  const own = names.filter((name) => !before.includes(name))
  await lock.release()
  expect(own.length).toBeGreaterThan(0)
  for (const name of own) expect(name).toMatch(/^@aion-instance-[0-9a-f]{32}\.*$/)
  for (const name of own) expect(name).toHaveLength(108)
})
