// Tries what uploads will need of a bucket: that it is there, that it takes an object, and that it gives it back.
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { StoreUnavailableError } from '../../platform/object-store/object-store.ts'
import { type S3Client, S3Refusal } from '../../platform/object-store/s3/s3-client.ts'

const probe = Buffer.from('Written by Aionvision to see whether it may write here. It can be deleted.\n')

/** What is wrong, as a sentence for the bucket's owner; null when nothing is. */
export async function checkBucket(client: S3Client): Promise<string | null> {
  const name = `aionvision-access-check-${randomUUID().slice(0, 8)}.txt`
  const { bucket } = client.target
  try {
    await step('cannot be opened', () => client.checkBucket())
    await step('takes no objects', () =>
      client.put(name, Readable.from([probe]), { sizeBytes: probe.length, contentType: 'text/plain' }),
    )
    await step('gives no objects back', async () => {
      const bytes = await client.get(name)
      if (!bytes) throw new S3Refusal(404, 'NoSuchKey')
      for await (const _ of bytes);
    })
    // A right to delete is not needed.
    await client.remove(name).catch(() => undefined)
    return null
  } catch (error) {
    if (error instanceof Fault) return `The bucket "${bucket}" ${error.message}`
    throw error
  }
}

class Fault extends Error {}

async function step(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof S3Refusal) throw new Fault(`${what}: ${error.message}.`)
    if (error instanceof StoreUnavailableError) throw new Fault('does not answer: is the endpoint right?')
    if (error instanceof Error && error.name === 'BucketRefusedError') throw new Fault(`is not called: ${error.message}`)
    throw error
  }
}
