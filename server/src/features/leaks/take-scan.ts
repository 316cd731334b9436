// A partner's report of secrets it found: the signature over the very bytes, then each item by itself.
import { hash, type KeyObject, verify } from 'node:crypto'
import { ApiError, unavailable, validationError } from '../../http/errors.ts'
import { isWellFormed } from '../api-keys/key-format.ts'
import { type FoundKey, findKeysByHash } from './queries.ts'
import { type RevokeDeps, revokeLeakedKey } from './revoke-leaked-key.ts'

export const itemsMax = 1_000

export interface Label {
  readonly token_hash: string | null
  readonly token_type: string | null
  readonly label: 'true_positive' | 'false_positive'
}

export function checkSignature(key: KeyObject | null, signature: string | undefined, body: Buffer): void {
  if (key && signature && verify('sha256', body, key, Buffer.from(signature, 'base64'))) return
  throw new ApiError('INVALID_SIGNATURE', 'This report is not signed with a key that its partner uses now.')
}

/** Throws UNAVAILABLE when an item could not be dealt with, after all others were: the partner sends it again. */
export async function takeScan(deps: RevokeDeps, body: Buffer, ip: string): Promise<Label[]> {
  const items = readItems(body)
  const digests = items.map(({ token }) => (token !== null && isWellFormed(token) ? hash('sha256', token, 'buffer') : null))
  const found = await findKeysByHash(
    deps.db,
    digests.filter((digest) => digest !== null),
  )
  const ours = new Map<string, FoundKey>(found.map((key) => [key.key_hash.toString('hex'), key]))
  let failed = false
  const labels: Label[] = []
  for (const [index, { token, type, source, url }] of items.entries()) {
    const key = ours.get(digests[index]?.toString('hex') ?? '')
    if (key)
      await revokeLeakedKey(deps, key, { reportedBy: 'secret-scanning', source, url, ip }).catch(() => {
        failed = true
      })
    labels.push({
      token_hash: token === null ? null : hash('sha256', token, 'base64'),
      token_type: type,
      label: key ? 'true_positive' : 'false_positive',
    })
  }
  if (failed) throw unavailable()
  return labels
}

interface Item {
  readonly token: string | null
  readonly type: string | null
  readonly source: string | null
  readonly url: string | null
}

function readItems(body: Buffer): Item[] {
  let items: unknown
  try {
    items = JSON.parse(body.toString('utf8'))
  } catch {
    throw validationError([{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }])
  }
  if (!Array.isArray(items)) throw validationError([{ loc: ['body'], msg: 'Must be an array', type: 'type_error' }])
  if (items.length > itemsMax)
    throw validationError([{ loc: ['body'], msg: `Must not have more than ${itemsMax} items`, type: 'too_long' }])
  // What is wrong with one item must not keep the others alive.
  return items.map((item: Record<string, unknown> | null) => {
    const text = (name: string, max: number) => {
      const value = item?.[name]
      return typeof value === 'string' ? value.slice(0, max) : null
    }
    return { token: text('token', 4_096), type: text('type', 200), source: text('source', 100), url: text('url', 2_083) }
  })
}
