// The embedded store: files in the data directory, and upload URLs that this server answers.
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Db } from '../database/database.ts'
import { createDiskFiles } from './disk-files.ts'
import type { ByteStore } from './object-store.ts'
import type { UrlSigner } from './signed-url.ts'
import { knownNames, NotAdmitted, placeObject } from './stored-objects.ts'

/** A file this old that no row names belongs to nobody: no upload takes so long between its last byte and its commit. */
const idleMs = 3_600_000
const readAheadBytes = 64 * 1024

export function diskByteStore({
  dir,
  db,
  clock,
  signer,
}: {
  readonly dir: string
  readonly db: Db
  readonly clock: Clock
  readonly signer: UrlSigner
}): ByteStore {
  const files = createDiskFiles(dir)
  return {
    presignPut: async (grant) => ({ url: signer.put(grant), headers: { 'Content-Type': grant.contentType } }),
    collect: async () => 'collected',
    presignGet: async () => null,
    async open({ name }, range) {
      const file = await open(files.pathOf(name), constants.O_RDONLY).catch(nullIfMissing)
      return (
        file?.createReadStream({ highWaterMark: readAheadBytes, ...(range && { start: range.first, end: range.last }) }) ?? null
      )
    },
    async withFile({ name }, use) {
      const path = files.pathOf(name)
      return (await stat(path).catch(nullIfMissing)) === null ? null : use(path)
    },
    async write(object, body, admit) {
      const { name, sha256 } = await files.write(body, object.sizeBytes)
      try {
        const at = new Date(clock.now())
        const placed = await placeObject(db, { ...object, name, sha256, etag: null, at }, admit)
        // Whoever reads the replaced file at this moment holds it open and gets it whole.
        if (placed.previous) await files.remove(placed.previous)
        return placed.object
      } catch (error) {
        // A connection lost at COMMIT leaves the outcome open: then the file stays, and the sweep decides by the table.
        if (!(error instanceof NotAdmitted)) throw error
        await files.remove(name)
        throw error.reason
      }
    },
    free: files.remove,
    async sweep() {
      let removed = 0
      // Modification times are the machine's own, so its clock measures them.
      for await (const { draft, names } of files.idle(idleMs, Date.now())) {
        const known = draft ? new Set<string>() : await knownNames(db, names)
        for (const name of names) {
          if (known.has(name)) continue
          await (draft ? files.removeDraft(name) : files.remove(name))
          removed++
        }
      }
      return removed
    },
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
