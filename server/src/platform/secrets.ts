// One master secret, and from it a separate key per purpose (HKDF, RFC 5869), so that leaking one key tells nothing of another.
import { hkdfSync, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from './startup-error.ts'

export interface Secrets {
  /** 32 bytes that belong to `label` alone. */
  derive(label: string): Buffer
}

const bytesMin = 32

export function secretsFrom(master: string | Buffer): Secrets {
  const key = Buffer.from(master)
  return { derive: (label) => Buffer.from(hkdfSync('sha256', key, 'aionvision', label, 32)) }
}

/** AION_SECRET where it is given; else, outside production only, `<dataDir>/secret`, drawn once with mode 0600. */
export async function loadSecrets(config: { production: boolean; dataDir: string; secret: string | null }): Promise<Secrets> {
  if (config.secret !== null) {
    if (Buffer.byteLength(config.secret) < bytesMin)
      throw new StartupError(`AION_SECRET must be at least ${bytesMin} bytes long.`)
    return secretsFrom(config.secret)
  }
  if (config.production)
    throw new StartupError('AION_SECRET is required in production: 32 bytes or more, for example from `openssl rand -base64 48`.')
  return secretsFrom(await readOrDraw(config.dataDir))
}

async function readOrDraw(dataDir: string): Promise<string> {
  const path = join(dataDir, 'secret')
  const present = await read(path)
  if (present !== null) return present
  try {
    await mkdir(dataDir, { recursive: true })
    await drawOnce(path)
  } catch (error) {
    throw new StartupError(`The secret cannot be written to ${path} (${reason(error)}).`)
  }
  const drawn = await read(path)
  if (drawn === null) throw new StartupError(`The secret in ${path} disappeared while it was being written.`)
  return drawn
}

/** Written whole under another name, then linked: a crash leaves no half secret, and of two processes that start at once one wins. */
async function drawOnce(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(48).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
}

async function read(path: string): Promise<string | null> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new StartupError(`The secret in ${path} cannot be read (${reason(error)}).`)
  }
  if (Buffer.byteLength(text) < bytesMin)
    throw new StartupError(
      `The secret in ${path} is shorter than ${bytesMin} bytes: restore it from a backup, sessions and the trail depend on it.`,
    )
  // Against other users of this machine, should a backup tool have restored it with open permissions; a read-only disk keeps it as it is.
  await chmod(path, 0o600).catch(() => undefined)
  return text
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function reason(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error))
}
