// aion whoami: whose credential is used, and for which workspace.
import type { Command, Context } from '../command.ts'
import type { Credential } from '../credentials.ts'
import { exitCodes } from '../exit-codes.ts'
import { isStatus } from '../failure-of.ts'
import { readableTime } from '../units.ts'

export const whoami: Command = {
  name: 'whoami',
  summary: 'say who is signed in, and in which workspace',
  example: 'aion whoami',
  async run(context) {
    const credential = context.credentials.either()
    if (credential?.kind === 'key') await showKey(context, credential)
    else await showPerson(context, credential)
    return exitCodes.ok
  },
}

async function showPerson({ output, session, settings }: Context, credential: Credential | null): Promise<void> {
  const client = session()
  const [{ id, email, name }, { tenants }] = await Promise.all([client.user.profile(), client.user.tenants()])
  const tenant = settings.tenant === null ? tenants[0] : tenants.find((each) => each.id === settings.tenant)
  const expires = credential?.kind === 'session' ? (credential.stored?.expires_at ?? null) : null
  const shown = tenant ? { id: tenant.id, name: tenant.name, role: tenant.role, plan: tenant.plan } : null
  output.record(
    { credential: 'session', user_id: id, email, name, tenant: shown, expires_at: expires, base_url: settings.baseUrl },
    [
      ['Person', `${name} <${email}>`],
      ['Workspace', shown ? `${shown.name} (${shown.role}, ${shown.plan})` : `${settings.tenant} (you are no member)`],
      ['Server', settings.baseUrl],
      ['Until', readableTime(expires)],
    ],
  )
}

async function showKey({ output, either, settings }: Context, { secret, from }: Credential): Promise<void> {
  const plan = await either()
    .usage.summary()
    .then((summary) => summary.plan.name)
    // Known, but without the scope to read usage.
    .catch((error: unknown) => {
      if (isStatus(error, 403)) return null
      throw error
    })
  const key = secret.slice(0, 14)
  output.record({ credential: 'key', key_prefix: key, from, plan, base_url: settings.baseUrl }, [
    ['Key', `${key}… (from: ${from})`],
    ['Plan', plan],
    ['Server', settings.baseUrl],
  ])
}
