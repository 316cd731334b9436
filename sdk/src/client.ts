// Aionvision: one client, one credential, the resources of the API.
import { type AionvisionOptions, createTransport, Requester, unusable } from './requester.ts'
import { ApiKeys } from './resources/api-keys.ts'
import { Documents } from './resources/documents.ts'
import { Files } from './resources/files.ts'
import { Audit, Members, Tenant } from './resources/tenant.ts'
import { Uploads } from './resources/uploads.ts'
import { Plans, Usage } from './resources/usage.ts'
import { Sessions, User } from './resources/user.ts'

export class Aionvision extends Requester {
  readonly apiKeys: ApiKeys
  readonly uploads: Uploads
  readonly files: Files
  readonly documents: Documents
  readonly tenant: Tenant
  readonly members: Members
  readonly usage: Usage
  readonly audit: Audit
  readonly user: User
  readonly sessions: Sessions
  readonly plans: Plans

  constructor(options: AionvisionOptions) {
    const transport = createTransport(options)
    super(options, transport)
    this.apiKeys = new ApiKeys(transport)
    this.uploads = new Uploads(transport)
    this.files = new Files(transport)
    this.documents = new Documents(transport)
    this.tenant = new Tenant(transport)
    this.members = new Members(transport)
    this.usage = new Usage(transport)
    this.audit = new Audit(transport)
    this.user = new User(transport)
    this.sessions = new Sessions(transport)
    this.plans = new Plans(transport)
  }

  /** AIONVISION_API_KEY and AIONVISION_BASE_URL; _TENANT_ID; for tuning _MAX_RETRIES, and in seconds _TIMEOUT, _RETRY_DELAY, _POLLING_INTERVAL, _POLLING_TIMEOUT. */
  static fromEnv(env: Readonly<Record<string, string | undefined>> = processEnv()): Aionvision {
    const needed = (name: string) => {
      const value = env[name]
      if (!value) throw unusable(`Set ${name}.`)
      return value
    }
    const number = (name: string, factor: number) => {
      const text = env[name]
      if (!text) return undefined
      const value = Number(text)
      if (!(value >= 0)) throw unusable(`${name} must be a number, not "${text}".`)
      return value * factor
    }
    return new Aionvision({
      apiKey: needed('AIONVISION_API_KEY'),
      baseUrl: needed('AIONVISION_BASE_URL'),
      tenantId: env.AIONVISION_TENANT_ID || undefined,
      timeout: number('AIONVISION_TIMEOUT', 1000),
      retryDelay: number('AIONVISION_RETRY_DELAY', 1000),
      maxRetries: number('AIONVISION_MAX_RETRIES', 1),
      pollingInterval: number('AIONVISION_POLLING_INTERVAL', 1000),
      pollingTimeout: number('AIONVISION_POLLING_TIMEOUT', 1000),
    })
  }
}

function processEnv(): Record<string, string | undefined> {
  return (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}
}
