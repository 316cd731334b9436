// Who PostgreSQL runs as: it refuses root, must reach its files, and has to end when this process does.
import { spawn } from 'node:child_process'
import { chmod, chown, lchown, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from '../startup-error.ts'
import type { Binaries } from './binaries.ts'

export interface Identity {
  /** What stands before the program on its command line. */
  readonly prefix: readonly string[]
  /** The user that its files belong to and that it is started as; null: this process's own. */
  readonly user: User | null
}

interface User {
  readonly uid: number
  readonly gid: number
}

const endWithParent = ['setpriv', '--pdeathsig', 'INT', '--']
const programPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin'

/** Nothing of this process's environment: it holds secrets, and PG* variables would change the server. */
export function environment(binaries: Binaries): NodeJS.ProcessEnv {
  const clean = { PATH: programPath, LC_ALL: 'C', TZ: 'UTC' }
  return binaries.libraryPath ? { ...clean, LD_LIBRARY_PATH: binaries.libraryPath } : clean
}

/** Every way to run PostgreSQL from here, the best one first. */
export async function listIdentities(dataDir: string, clusterDir: string): Promise<Identity[]> {
  const uid = process.getuid?.() ?? -1
  const users = await readUsers()
  const self: Identity[] = [
    { prefix: endWithParent, user: null },
    { prefix: [], user: null },
  ]
  // A namespace lends this process's files another name: one that PostgreSQL accepts and that the system knows.
  const lent = users.find((user) => user.uid !== 0 && user.uid !== 65534) ?? users.find((user) => user.uid !== 0)
  const namespace = lent ? ['unshare', '--user', `--map-user=${lent.uid}`, `--map-group=${lent.gid}`, '--'] : null
  const mapped: Identity[] = namespace ? [{ prefix: [...namespace, ...endWithParent], user: null }] : []
  if (uid !== 0) return users.some((user) => user.uid === uid) ? self : [...mapped, ...self]
  const owner = await stat(clusterDir).catch(() => null)
  if (owner && owner.uid !== 0) return runAs({ uid: owner.uid, gid: owner.gid })
  const keeper = await stat(dataDir)
  const nobody = users.find((user) => user.uid === 65534) ?? { uid: 65534, gid: 65534 }
  return [...mapped, ...(keeper.uid === 0 ? [] : runAs({ uid: keeper.uid, gid: keeper.gid })), ...runAs(nobody)]
}

function runAs(user: User): Identity[] {
  return [
    { prefix: endWithParent, user },
    { prefix: [], user },
  ]
}

/** The first of them that can enter the data directory and run the program. */
export async function chooseIdentity(candidates: readonly Identity[], dataDir: string, binaries: Binaries): Promise<Identity> {
  let reason = ''
  for (const identity of candidates) {
    await admit(identity, dataDir)
    const script = 'cd "$1" && exec "$0" --version'
    const result = await run(identity, ['/bin/sh', '-c', script, binaries.postgres, dataDir], environment(binaries))
    if (result.code === 0) return identity
    reason = result.output.trim().split('\n').at(-1) || reason
  }
  throw new StartupError(
    `The bundled PostgreSQL cannot run here (${reason}): keep the program and ${dataDir} where an ordinary user can reach them, or set DATABASE_URL.`,
  )
}

/** Lets another user, by its group alone, pass through the data directory; what is in there keeps its own modes. */
async function admit(identity: Identity, dataDir: string): Promise<void> {
  if (!identity.user) return
  const { uid, gid, mode } = await stat(dataDir)
  if (uid === identity.user.uid || (mode & 0o001) !== 0 || (gid === identity.user.gid && (mode & 0o010) !== 0)) return
  await chown(dataDir, uid, identity.user.gid)
  await chmod(dataDir, (mode & 0o707) | 0o010)
}

/** Gives a directory and all in it to the identity's user. */
export async function handOver(identity: Identity, directory: string): Promise<void> {
  if (!identity.user) return
  const { uid, gid } = identity.user
  if ((await stat(directory)).uid === uid) return
  for (const entry of await readdir(directory, { recursive: true })) await lchown(join(directory, entry), uid, gid)
  // The directory itself comes last: its owner says that all of it was done.
  await lchown(directory, uid, gid)
}

export function run(identity: Identity, command: readonly string[], env: NodeJS.ProcessEnv): Promise<Result> {
  return new Promise((done) => {
    const [program = '', ...args] = [...identity.prefix, ...command]
    const child = spawn(program, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'], ...identity.user })
    let output = ''
    const take = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    // A program that may not be run is reported here, not thrown.
    child.once('error', (error) => done({ code: -1, output: error.message }))
    child.once('close', (code) => done({ code: code ?? -1, output }))
  })
}

interface Result {
  readonly code: number
  readonly output: string
}

async function readUsers(): Promise<User[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  return lines
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 3)
    .map((fields) => ({ uid: Number(fields[2]), gid: Number(fields[3]) }))
}
