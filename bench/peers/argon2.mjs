// The password hash alone, with the server's parameters and as many in flight as the login case has connections.
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../server/package.json', import.meta.url))
const { hash, verify } = require('@node-rs/argon2')
const password = 'Sturdy-Passphrase-41'
/** Argon2id, 19 MiB, two passes, one lane. */
const stored = await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })

process.on('message', async ({ seconds, inFlight }) => {
  const until = performance.now() + seconds * 1000
  const began = performance.now()
  let done = 0
  const worker = async () => {
    while (performance.now() < until) {
      if (!(await verify(stored, password))) throw new Error('the hash does not verify')
      done++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  process.send({ perSecond: done / ((performance.now() - began) / 1000), p50: 0, p99: 0 })
})
process.on('disconnect', () => process.exit(0))
process.send({ port: 0 })
