// Finds out that a store is gone, or back, while nobody asks it for anything: signing a URL does not.
import type { S3Client } from './s3-client.ts'

const everyMs = 2_000
/** After a probe that failed: the breaker wants more than one. */
const againMs = 200

/** Answers how to end it. */
export function watchBucket(client: S3Client): () => void {
  let timer: NodeJS.Timeout
  let stopped = false
  const next = (pauseMs: number) => {
    timer = setTimeout(look, pauseMs).unref()
  }
  const look = () =>
    client
      .probe()
      .then(
        () => everyMs,
        () => (client.transport.breaker.open ? everyMs : againMs),
      )
      .then((pauseMs) => {
        if (!stopped) next(pauseMs)
      })
  next(everyMs)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
