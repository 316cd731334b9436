// One way out for mail: SMTP where it is configured, else a directory of JSON files that tests and developers read.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Clock } from './clock.ts'
import { inSpan, serverOf, type Tracing } from './tracing.ts'

export interface OutgoingMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface StoredMail extends OutgoingMail {
  /** ISO 8601. */
  readonly sent_at: string
}

export interface Mailer {
  /** Resolves when the mail was handed on; throws to be tried again. */
  send(mail: OutgoingMail): Promise<void>
}

export function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport(url, { from, disableFileAccess: true, disableUrlAccess: true })
  return {
    async send(mail) {
      await transport.sendMail({ ...mail })
    },
  }
}

/** Whom a mail goes to, and what it says, is in no span. */
export function traceMailer(mailer: Mailer, tracing: Tracing, smtpUrl: string | null): Mailer {
  const attributes = smtpUrl ? serverOf(smtpUrl) : {}
  return { send: (mail) => inSpan(tracing, 'send mail', smtpUrl ? 'client' : 'internal', attributes, () => mailer.send(mail)) }
}

export function outboxMailer(dir: string, clock: Clock): Mailer {
  let last = 0
  return {
    async send(mail) {
      // Never two in the same millisecond, so that "newest" always means one of them.
      last = Math.max(clock.now(), last + 1)
      const stored: StoredMail = { ...mail, sent_at: new Date(last).toISOString() }
      const name = `${String(last).padStart(15, '0')}-${addressee(mail.to)}-${randomUUID().slice(0, 8)}.json`
      await mkdir(dir, { recursive: true, mode: 0o700 })
      // Under another name first: a reader never sees half a mail.
      const draft = join(dir, `${name}.part`)
      await writeFile(draft, JSON.stringify(stored, null, 2), { mode: 0o600 })
      await rename(draft, join(dir, name))
    },
  }
}

/** Newest first; at most `count`. */
export async function readOutbox(dir: string, { to, count }: { to?: string; count: number }): Promise<StoredMail[]> {
  const part = to === undefined ? '.json' : `-${addressee(to)}-`
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.json') && name.includes(part))
  const newest = names.sort().reverse().slice(0, count)
  const mails = await Promise.all(newest.map((name) => readFile(join(dir, name), 'utf8').catch(() => null)))
  return mails.filter((mail) => mail !== null).map((mail) => JSON.parse(mail) as StoredMail)
}

/** In the file's name, so that one person's mail is found without opening everybody's. */
function addressee(address: string): string {
  return createHash('sha256').update(address.trim().toLowerCase()).digest('hex').slice(0, 16)
}
