// The S3 store that tests run against, where the environment names one: see acceptance/support/start-radosgw.mjs.
import { randomUUID } from 'node:crypto'
import { AwsClient } from 'aws4fetch'

export interface TestS3 {
  readonly endpoint: string
  /** The host that bucket names stand in front of in virtual-host style. */
  readonly domain: string
  /** Of the server's user, with a CORS rule. */
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** As the server, or as somebody with a bucket of their own. null: the tests have no S3 store. */
export function testS3(who: 'server' | 'tenant' = 'server', env: NodeJS.ProcessEnv = process.env): TestS3 | null {
  const endpoint = env.AION_TEST_S3_ENDPOINT
  if (!endpoint) return null
  const of = (name: string) => env[`AION_TEST_S3_${who === 'tenant' ? 'TENANT_' : ''}${name}`] ?? ''
  return {
    endpoint,
    domain: env.AION_TEST_S3_DOMAIN ?? '',
    bucket: env.AION_TEST_S3_BUCKET ?? 'aion-test',
    accessKeyId: of('ACCESS_KEY_ID'),
    secretAccessKey: of('SECRET_ACCESS_KEY'),
  }
}

export function awsClient({ accessKeyId, secretAccessKey }: TestS3): AwsClient {
  return new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region: 'us-east-1', retries: 0 })
}

/** An empty one. */
export async function makeBucket(s3: TestS3): Promise<string> {
  const name = `aion-test-${randomUUID()}`
  const made = await awsClient(s3).fetch(`${s3.endpoint}/${name}`, { method: 'PUT' })
  if (!made.ok) throw new Error(`the bucket ${name} was answered ${made.status}: ${await made.text()}`)
  return name
}

/** For a server whose objects are to lie there. */
export function s3Env(s3: TestS3, bucket: string): Record<string, string> {
  return {
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
}

/** Tests of what this server's own /objects/ answers are for the disk; what a bucket answers instead is in uploads/bucket.test.ts. */
export const inBucket = testS3() !== null

/** For what only the embedded store does, whatever the run is on. */
export const onDisk: Record<string, string> = { S3_ENDPOINT: '', S3_BUCKET: '', S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: '' }
