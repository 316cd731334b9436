// Eyes on a service from outside: how long a revoked key lives on at any server, and how often a limited one is let in.
import { setTimeout as sleep } from 'node:timers/promises'
import { isOutage, repeat, type Service } from './acknowledged.ts'
import { call, succeed } from './client.ts'
import type { Admission } from './rolling-minute.ts'

/** What a key may always ask for: it needs no row, so that only the key itself is decided on. 404 = let in. */
export async function useOf(url: string, key: string): Promise<number> {
  return (await call(url, 'GET', '/api/v2/nothing', { token: key })).status
}

/** No connection = 0. */
const attempt = (url: string, key: string) =>
  useOf(url, key).catch((error) => (isOutage(error) ? 0 : Promise.reject<number>(error)))

/** So long after the answer a key is looked at. */
const watchedMs = 1_300
const everyMs = 20

export interface RevocationWatch {
  /** Answers once the revocation is acknowledged, by whichever server takes it. The watch goes on beyond that. */
  revoke(service: Service, id: string, secret: string): Promise<void>
  /** When the last watch has ended. `worst`: ms from the answer to the last request that was sent and let in; `own`: at the server that took it. */
  findings(): Promise<{ readonly revoked: number; readonly worst: number; readonly own: number }>
}

export function watchRevocations(pauseMs = 250): RevocationWatch {
  const watches: Promise<unknown>[] = []
  let worst = 0
  let own = 0
  return {
    async revoke({ urls, owner }, id, secret) {
      const revokedAt: { ms: number; by: string } = { ms: Number.POSITIVE_INFINITY, by: '' }
      const watch = async (url: string) => {
        while (performance.now() < revokedAt.ms + watchedMs) {
          const sent = performance.now()
          const status = await attempt(url, secret)
          if (![0, 401, 404, 503].includes(status))
            throw new Error(`A key that was being revoked was answered ${status} by ${url}`)
          if (status === 404 && sent > revokedAt.ms) {
            worst = Math.max(worst, sent - revokedAt.ms)
            if (url === revokedAt.by) own = Math.max(own, sent - revokedAt.ms)
          }
          await sleep(everyMs)
        }
      }
      watches.push(Promise.all(urls.map(watch)))
      // It is in the memory of every server that can have it.
      await sleep(2 * everyMs)
      for (let turn = Math.floor(Math.random() * urls.length); revokedAt.by === ''; turn++) {
        const url = urls[turn % urls.length] ?? ''
        try {
          await succeed(call(url, 'DELETE', `/api/v2/api-keys/${id}`, { token: owner }))
          revokedAt.by = url
          revokedAt.ms = performance.now()
        } catch (error) {
          if (!isOutage(error)) throw error
          await sleep(everyMs)
        }
      }
      await sleep(pauseMs)
    },
    async findings() {
      await Promise.all(watches)
      return { revoked: watches.length, worst, own }
    },
  }
}

/** Asks every server for more than the key's limit until it is over. */
export async function hammer(urls: () => readonly string[], key: string, over: AbortSignal): Promise<Admission[]> {
  const admissions: Admission[] = []
  const ask = async (url: string) => {
    const sent = performance.now()
    const status = await attempt(url, key)
    if (status === 404) admissions.push({ sent, answered: performance.now() })
    else if (![0, 429, 503].includes(status)) throw new Error(`A key was answered ${status} by ${url}`)
  }
  await repeat(over, async () => {
    await Promise.all(urls().map(ask))
    await sleep(50)
  })
  return admissions
}
