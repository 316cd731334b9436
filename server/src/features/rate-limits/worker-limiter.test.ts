// What a worker asks its primary is decided as one process alone would, whatever the channel makes of the words.
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fakeClock } from '../../testing/harness.ts'
import { createLocalLimiter } from './rate-limiter.ts'
import { answerWorkers, createWorkerLimiter } from './worker-limiter.ts'

test('random questions get the answers of the limiter that is asked directly', async () => {
  const clock = fakeClock()
  const make = () => createLocalLimiter({ clock, file: join(tmpdir(), `unused-${randomUUID()}`) })
  const [direct, behind] = [make(), make()]
  const answer = answerWorkers(behind)
  const throughJson = (value: unknown) => JSON.parse(JSON.stringify([value]))[0]
  const worker = createWorkerLimiter({
    ask: async (question, read) => read(throughJson(answer(throughJson(question)))),
    send: async () => {},
    hear() {},
    serve: async () => '',
    shut: async () => {},
  })
  const draw = (count: number) => Math.floor(Math.random() * count)
  const limitOf = (name: string, limit: number) => ({ name, limit, windowMs: 1_000 * (1 + draw(2)) })
  let [admitted, refused] = [0, 0]
  for (let round = 0; round < 3_000; round++) {
    clock.advance(draw(300))
    const own = limitOf(`key ${draw(3)}`, 1 + draw(5))
    const ceiling = draw(2) ? limitOf('tenant', 8) : null
    const kind = draw(20)
    if (kind === 0) {
      await worker.forget(own.name)
      direct.forget(own.name)
    } else if (kind < 4) expect(await worker.peek(own)).toEqual(direct.peek(own))
    else {
      const decision = await worker.decideAll(own, ceiling)
      expect(decision).toEqual(direct.decideAll(own, ceiling))
      if (decision.allowed) admitted++
      else refused++
    }
  }
  expect(Math.min(admitted, refused)).toBeGreaterThan(100)
  expect(worker.decisions().exact).toEqual({ admitted, refused })
})
