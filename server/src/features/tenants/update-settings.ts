// What an admin may set for the whole tenant: its name, where events go, which sites may call, and data of their own.
import { isIP } from 'node:net'
import type { Deps } from '../../deps.ts'
import { validationError } from '../../http/errors.ts'
import { faultOfJson } from '../../http/storable.ts'
import { createOutbound } from '../../platform/outbound.ts'
import { type Actor, type ChangeDeps, changeTenant } from './change-tenant.ts'
import { findTenant, type TenantChange, type TenantRow, updateTenant } from './queries.ts'

export interface SettingsInput {
  readonly name?: string | null
  readonly webhook_url?: string | null
  readonly allowed_vlm_providers?: string[] | null
  readonly allowed_domains?: string[] | null
  readonly custom_config?: Record<string, unknown> | null
}

/** As JSON; generous for settings, too small to be a store. */
const configBytesMax = 16 * 1024

export async function updateSettings(
  deps: ChangeDeps & Pick<Deps, 'config'>,
  actor: Actor,
  input: SettingsInput,
): Promise<TenantRow> {
  const set: TenantChange = {
    // What has another way to be emptied takes null for "as it is"; a URL has none.
    ...(input.name != null && { name: checkName(input.name) }),
    ...(input.webhook_url !== undefined && { webhook_url: checkWebhook(input.webhook_url, deps.config.outboundAllow) }),
    ...(input.allowed_vlm_providers != null && { allowed_vlm_providers: [...new Set(input.allowed_vlm_providers)] }),
    ...(input.allowed_domains != null && { allowed_domains: [...new Set(input.allowed_domains.map(checkDomain))] }),
    ...(input.custom_config != null && { custom_config: checkConfig(input.custom_config) }),
  }
  return changeTenant(deps, actor, 'ADMIN', async (trx, { now }) => {
    const fields = Object.keys(set)
    if (fields.length > 0) await updateTenant(trx, actor.tenantId, set, new Date(now))
    const result = await findTenant(trx, actor.tenantId)
    if (!result) throw new Error('the tenant just changed is not there')
    if (fields.length === 0) return { result, changed: [], event: null }
    return {
      result,
      changed: [{ kind: 'tenant', id: actor.tenantId }],
      event: {
        eventType: 'tenant.updated',
        action: 'tenant.update',
        resourceType: 'tenant',
        resourceId: actor.tenantId,
        metadata: { fields },
      },
    }
  })
}

function checkName(name: string): string {
  // Shown in lists, mails and logs: no control character forges a line there (S41).
  const line = name.replace(/\p{Cc}+/gu, ' ').trim()
  if (line === '') fail(['name'], 'Must not be blank', 'string_too_short')
  return line
}

/** What would never be called is refused here; where a name leads is checked when something is sent, since it can change later (S33). */
function checkWebhook(text: string | null, allow: readonly string[]): string | null {
  if (text === null) return null
  const url = toUrl(text)
  if (!url || url.username || url.password || /[\s\p{Cc}]/u.test(text))
    fail(['webhook_url'], 'Must be a URL without credentials', 'value_error')
  const refusal = createOutbound({ allow }).refusalOf(text)
  if (refusal !== null) fail(['webhook_url'], `${refusal}: nothing would ever be sent there`, 'value_error')
  return text
}

/** `app.example.com`, with a port where it has one, or a whole origin: as a browser's Origin names it, lower-case and punycode. */
function checkDomain(text: string, index: number): string {
  const origin = text.includes('://')
  const url = toUrl(origin ? text : `https://${text}`)
  const bare =
    url &&
    /^https?:$/.test(url.protocol) &&
    !/[\s\p{Cc}/?#@*\\]/u.test(origin ? text.slice(text.indexOf('://') + 3).replace(/\/$/, '') : text) &&
    isHost(url.hostname, origin)
  if (!bare) fail(['allowed_domains', index], `"${text}" is neither a host name nor an origin`, 'value_error')
  return origin ? url.origin : url.host
}

/** A word without a dot is a slip, unless a whole origin says that it is meant. */
function isHost(host: string, dotless: boolean): boolean {
  if (host.startsWith('[') || isIP(host)) return true
  const labels = host.split('.')
  return (
    (dotless || labels.length > 1 || host === 'localhost') && labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label))
  )
}

function checkConfig(config: Record<string, unknown>): string {
  const json = JSON.stringify(config)
  if (Buffer.byteLength(json) > configBytesMax) fail(['custom_config'], `Is larger than ${configBytesMax} bytes`, 'too_long')
  const fault = faultOfJson(json)
  if (fault) fail(['custom_config'], fault, 'value_error')
  return json
}

function toUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function fail(at: (string | number)[], msg: string, type: string): never {
  throw validationError([{ loc: ['body', ...at], msg, type }])
}
