// Word of changes through Redis, beside PostgreSQL's: what a server that is cut off from the database may go on trusting by.
import { randomUUID } from 'node:crypto'
import type { Change, Relay } from './changes.ts'
import type { RedisConnection, Subscription } from './redis.ts'

const beatMs = 250
/** So many of its own beats unheard, and a server takes itself for deaf. */
const missedMax = 2
/** And after each so many it listens on a new connection: the old one may only seem to be whole. */
const redialAfter = 8

export function createRedisRelay({ redis, prefix }: { redis: RedisConnection; prefix: string }): Relay {
  const changes = `${prefix}changes`
  /** Its own word, sent and heard, proves the whole way: that Redis answers does not. */
  const own = `${prefix}beat:${randomUUID()}`
  let missed = 0
  let live = false
  let timer: NodeJS.Timeout | undefined
  let ears: Subscription | undefined
  return {
    send(change) {
      redis.publish(changes, `${change.kind} ${change.id}`).catch(() => {})
    },
    async start(hear, deaf) {
      const lose = () => {
        if (!live) return
        live = false
        deaf()
      }
      const heard = (channel: string, message: string) => {
        if (channel === own) {
          missed = 0
          live = true
          return
        }
        const [kind, id = ''] = message.split(' ')
        hear({ kind: kind as Change['kind'], id })
      }
      ears = redis.subscribe([changes, own], heard, lose)
      const judge = () => {
        if (missed <= missedMax) return
        lose()
        if (missed % redialAfter === 0) ears?.reconnect()
      }
      timer = setInterval(() => {
        // Looked at once more: its beat may lie there unread because this process was busy.
        if (++missed > missedMax) setImmediate(judge)
        redis.publish(own, '').catch(() => {})
      }, beatMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      live = false
      ears?.close()
    },
    get live() {
      return live
    },
  }
}
