// A tenant's bucket credentials as they lie in the database: AES-256-GCM, by a key that has versions.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Secrets } from '../../platform/secrets.ts'

export interface BucketCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const nonceBytes = 12
const tagBytes = 16

/** Any server derives any version at once, so that none has to be told of a rotation. */
function keyOf(secrets: Secrets, version: number): Buffer {
  return secrets.derive(`own-bucket-credentials/${version}`)
}

/** Bound to the tenant: a row copied to another one opens nothing there. */
export function sealCredentials(secrets: Secrets, version: number, tenantId: string, credentials: BucketCredentials): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secrets, version), nonce).setAAD(Buffer.from(tenantId))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()])
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()])
}

/** Throws when it was sealed under another master secret, for another tenant, or was changed. */
export function openCredentials(secrets: Secrets, version: number, tenantId: string, sealed: Buffer): BucketCredentials {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secrets, version), sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
    .setAAD(Buffer.from(tenantId))
    .setAuthTag(sealed.subarray(-tagBytes))
  const opened = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
  return JSON.parse(opened.toString('utf8')) as BucketCredentials
}
