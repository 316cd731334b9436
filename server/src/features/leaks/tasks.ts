// A reported key dies, and those who look after its workspace are told.
import type { Deps } from '../../deps.ts'
import type { Tasks } from '../../platform/jobs.ts'
import { findKey } from '../api-keys/queries.ts'
import { findRecipient } from '../tenants/manager-queries.ts'
import { leakedKeyMail } from './mails.ts'
import { findKeysByHash } from './queries.ts'
import { type RevokeDeps, revokeLeakedKey } from './revoke-leaked-key.ts'

export interface Report {
  /** SHA-256, hexadecimal: what tables hold of a key. */
  readonly digest: string
  readonly source: string | null
  readonly url: string | null
  readonly ip: string
}

export function leakTasks(deps: RevokeDeps & Pick<Deps, 'mailer' | 'publicUrl'>): Tasks {
  const { db, mailer, publicUrl } = deps
  return {
    tasks: {
      async 'revoke-leaked-key'(payload) {
        const { digest, source, url, ip } = payload as unknown as Report
        for (const key of await findKeysByHash(db, [Buffer.from(digest, 'hex')]))
          await revokeLeakedKey(deps, key, { reportedBy: 'report', source, url, ip })
      },
      async 'mail-leaked-key'(payload) {
        const { key_id, tenant_id, user_id } = payload as { key_id: string; tenant_id: string; user_id: string }
        const key = await findKey(db, tenant_id, key_id)
        const recipient = await findRecipient(db, tenant_id, user_id)
        if (!key || !recipient) return
        const { email, workspace } = recipient
        await mailer.send({
          to: email,
          ...leakedKeyMail({ name: key.name, prefix: key.key_prefix, workspace, origin: publicUrl() }),
        })
      },
    },
    cron: [],
  }
}
