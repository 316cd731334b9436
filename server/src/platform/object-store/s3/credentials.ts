// Whom the store is asked as: a fixed key, or the role that the cloud gave this machine, asked for anew before it ends.
import { readFile } from 'node:fs/promises'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export type GetCredentials = () => Promise<Credentials>

/** Names as AWS's own tools read them from the environment. */
export interface RoleSettings {
  readonly region: string
  /** AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE: Kubernetes service accounts (IRSA). */
  readonly roleArn: string | null
  readonly webIdentityTokenFile: string | null
  /** AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS, EKS Pod Identity. */
  readonly containerUrl: string | null
  readonly containerToken: string | null
  readonly containerTokenFile: string | null
  /** AWS_EC2_METADATA_SERVICE_ENDPOINT, default http://169.254.169.254: IMDSv2. */
  readonly metadataEndpoint: string
}

interface Lease extends Credentials {
  readonly endsAt: number
}

const timeoutMs = 5_000
/** Longer than an upload URL lives: a URL dies with the credentials that signed it. */
const marginMs = 15 * 60_000

export function fixedCredentials(credentials: Credentials): GetCredentials {
  return async () => credentials
}

export function roleCredentials(settings: RoleSettings, now: () => number = Date.now): GetCredentials {
  let lease: Lease | null = null
  let asking: Promise<Lease> | null = null
  return async () => {
    if (lease && lease.endsAt - now() > marginMs) return lease
    asking ??= ask(settings).finally(() => {
      asking = null
    })
    try {
      lease = await asking
    } catch (error) {
      // What is still valid is better than nothing.
      if (!lease || lease.endsAt <= now()) throw error
    }
    return lease
  }
}

function ask(settings: RoleSettings): Promise<Lease> {
  if (settings.roleArn && settings.webIdentityTokenFile)
    return byWebIdentity(settings.roleArn, settings.webIdentityTokenFile, settings.region)
  return settings.containerUrl ? byContainer(settings, settings.containerUrl) : byInstance(settings.metadataEndpoint)
}

async function byWebIdentity(arn: string, tokenFile: string, region: string): Promise<Lease> {
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: arn,
    RoleSessionName: 'aionvision',
    WebIdentityToken: (await readFile(tokenFile, 'utf8')).trim(),
  })
  const answer = await text(`https://sts.${region}.amazonaws.com/`, { method: 'POST', body })
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1]
  return leaseFrom({
    AccessKeyId: field('AccessKeyId'),
    SecretAccessKey: field('SecretAccessKey'),
    Token: field('SessionToken'),
    Expiration: field('Expiration'),
  })
}

async function byContainer(settings: RoleSettings, url: string): Promise<Lease> {
  const token = settings.containerTokenFile
    ? (await readFile(settings.containerTokenFile, 'utf8')).trim()
    : settings.containerToken
  return leaseFrom(JSON.parse(await text(url, { headers: token ? { authorization: token } : {} })))
}

/** IMDSv2: the token proves that it is not somebody's forged request that this machine makes for them. */
async function byInstance(endpoint: string): Promise<Lease> {
  const token = await text(`${endpoint}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
  })
  const headers = { 'x-aws-ec2-metadata-token': token }
  const path = `${endpoint}/latest/meta-data/iam/security-credentials/`
  const role = (await text(path, { headers })).trim().split('\n')[0] ?? ''
  return leaseFrom(JSON.parse(await text(`${path}${encodeURIComponent(role)}`, { headers })))
}

async function text(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  if (!answer.ok) throw new Error(`no credentials: ${new URL(url).host} answered ${answer.status}`)
  return answer.text()
}

function leaseFrom({ AccessKeyId, SecretAccessKey, Token, Expiration }: Record<string, string | undefined>): Lease {
  const endsAt = Date.parse(Expiration ?? '')
  if (!AccessKeyId || !SecretAccessKey || !Token || Number.isNaN(endsAt)) throw new Error('no credentials: the answer holds none')
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, endsAt }
}
