// Against a plain model: whatever is set, evicted, ended and cleared, what is kept and what can be ended is the same.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SubjectCache } from './subject-cache.ts'

interface Entry {
  readonly ids: readonly string[]
}

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const id = fc.constantFrom('1', '2', '3', '4')
const step = fc.oneof(
  fc.record({ set: name, ids: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }) }),
  fc.record({ end: id }),
  fc.record({ drop: name }),
  fc.record({ clear: fc.constant(true) }),
)

it('ends what hangs on an id, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = new SubjectCache<Entry>(3, ({ ids }) => ids)
      const model = new Map<string, Entry>()
      for (const step of steps) {
        if ('set' in step) {
          const entry = { ids: step.ids }
          cache.set(step.set, entry)
          model.delete(step.set)
          model.set(step.set, entry)
          if (model.size > 3) model.delete(model.keys().next().value ?? '')
        } else if ('end' in step) {
          cache.end(step.end)
          for (const [kept, { ids }] of model) if (ids.includes(step.end)) model.delete(kept)
        } else if ('drop' in step) {
          cache.delete(step.drop)
          model.delete(step.drop)
        } else {
          cache.clear()
          model.clear()
        }
        expect(cache.size).toBe(model.size)
      }
      for (const [kept, entry] of model) expect(cache.get(kept)).toBe(entry)
    }),
    { numRuns: 500 },
  )
})

it('forgets the ids with the last of what hung on them', () => {
  const cache = new SubjectCache<Entry>(100, ({ ids }) => ids)
  for (let index = 0; index < 1_000; index++) cache.set(`name ${index}`, { ids: [`key ${index}`, 'tenant'] })
  expect(Reflect.get(cache, 'names').size).toBe(101)
  cache.end('tenant')
  expect(Reflect.get(cache, 'names').size).toBe(0)
})
