// More than can be answered is refused before memory runs out: 503 at once, while health stays green and what was accepted is finished.
import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { sendError, unavailable } from './errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    counted: boolean
  }
}

const sampleMs = 500
/** One long collection of garbage, or one stall of the machine, is no overload. */
const samplesMax = 3
const lagMsMax = 1_000
const memoryShareMax = 0.9
/** A balancer that is told otherwise sends the same load to fewer servers. */
const always = new Set(['/healthz', '/readyz', '/metrics'])

export interface Sample {
  /** By how much the event loop was late. */
  readonly lagMs: number
  /** 1 = all that this process may have. */
  readonly memoryShare: number
}

/** True from the third bad sample in a row until the first good one. */
export function createStrain(): (sample: Sample) => boolean {
  let bad = 0
  return ({ lagMs, memoryShare }) => {
    bad = lagMs > lagMsMax || memoryShare > memoryShareMax ? bad + 1 : 0
    return bad >= samplesMax
  }
}

export function installOverload(app: FastifyInstance, { requestsMax, log }: { requestsMax: number; log: Logger }): void {
  let underWay = 0
  let strained = false
  let full = false
  const judge = createStrain()
  let expected = performance.now() + sampleMs
  const timer = setInterval(() => {
    const now = performance.now()
    const strain = judge({ lagMs: now - expected, memoryShare: memoryShare() })
    expected = now + sampleMs
    if (strain !== strained) log.warn(strain ? 'overload: requests are refused' : 'the overload is over')
    strained = strain
    if (full && underWay < requestsMax) {
      full = false
      log.warn('the overload is over')
    }
  }, sampleMs)
  timer.unref()
  app.addHook('onClose', async () => clearInterval(timer))

  app.decorateRequest('counted', false)
  app.addHook('onRequest', (request, reply, done) => {
    if ((strained || underWay >= requestsMax) && !always.has(request.routeOptions.url ?? '')) {
      if (!strained && !full) {
        full = true
        log.warn({ under_way: underWay }, 'overload: requests are refused')
      }
      return void sendError(reply, unavailable())
    }
    request.counted = true
    underWay++
    done()
  })
  // Until its answer is decided: a body that is sent takes no more than its window.
  app.addHook('onSend', (request: FastifyRequest, _reply, _payload, done) => {
    if (request.counted) {
      request.counted = false
      underWay--
    }
    done()
  })
}

function memoryShare(): number {
  const { used_heap_size: heap, heap_size_limit: heapMax, external_memory: external } = getHeapStatistics()
  // Of a container; without one, what the machine has.
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY
  return Math.max(heap / heapMax, (heap + external) / allowed)
}
