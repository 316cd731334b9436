// Which bucket, where, and how its URLs are written.

export interface S3Target {
  /** An origin, such as https://s3.eu-west-1.amazonaws.com. */
  readonly endpoint: string
  /** The origin that clients reach, where it is another one. */
  readonly publicEndpoint: string
  readonly bucket: string
  readonly region: string
  /** `endpoint/bucket/name` rather than `bucket.endpoint/name`. */
  readonly pathStyle: boolean
  /** Whether upload URLs hold for one exact length. AWS checks a signed Content-Length; Ceph's gateway refuses even a right one. */
  readonly signLength: boolean
}

export function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

export function isAwsEndpoint(endpoint: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname)
}

/** The origin of a bucket: what a browser connects to. */
export function originOf(target: S3Target, reached: 'inside' | 'outside'): string {
  const endpoint = new URL(reached === 'outside' ? target.publicEndpoint : target.endpoint)
  if (!target.pathStyle) endpoint.hostname = `${target.bucket}.${endpoint.hostname}`
  return endpoint.origin
}

export function urlOf(target: S3Target, reached: 'inside' | 'outside', name: string, query: Record<string, string> = {}): URL {
  const folder = target.pathStyle ? `/${target.bucket}` : ''
  const path = name.split('/').map(encodeURIComponent).join('/')
  return new URL(`${originOf(target, reached)}${folder}/${path}${parameters(query)}`)
}

function parameters(query: Record<string, string>): string {
  const text = Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
  return text && `?${text}`
}
