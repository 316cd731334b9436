// What is kept for Redis while it is away: no more than it would still need, and nothing is lost when telling fails.
import { expect, it } from 'vitest'
import { createUntold } from './untold.ts'

const windowMs = 60_000
const limit = (name: string) => ({ name, limit: 2, windowMs })

async function toldBy(untold: ReturnType<typeof createUntold>, now: number): Promise<[string, number[]][]> {
  const told: [string, number[]][] = []
  await untold.tell(
    async ({ name }, ages) => void told.push([name, [...ages]]),
    () => now,
  )
  return told
}

it('tells each admission once, as old as it is, and none that has left its window', async () => {
  const untold = createUntold()
  untold.note([limit('gone')], 0)
  untold.note([limit('key'), limit('tenant')], 10)
  untold.note([limit('key')], 30_000)
  untold.note([limit('key')], 60_020)
  untold.note([limit('forgiven')], 60_020)
  untold.forget('forgiven')
  expect(await toldBy(untold, 61_000)).toEqual([['key', [31_000, 980]]])
  expect(await toldBy(untold, 61_000)).toEqual([])
})

it('keeps what could not be told, with what was admitted meanwhile', async () => {
  const untold = createUntold()
  for (const name of ['a', 'b']) untold.note([limit(name)], 0)
  const broken = untold.tell(
    async ({ name }) => {
      if (name === 'a') untold.note([limit('a')], 1)
      throw new Error('Redis has gone again')
    },
    () => 1,
  )
  await expect(broken).rejects.toThrow('gone again')
  expect(new Map(await toldBy(untold, 2))).toEqual(
    new Map([
      ['a', [2, 1]],
      ['b', [2]],
    ]),
  )
})

it('forgets names nobody was admitted under for a window, however long Redis is away', async () => {
  const untold = createUntold()
  for (let minute = 0; minute < 20; minute++)
    for (let index = 0; index < 1_000; index++) untold.note([limit(`${minute}-${index}`)], minute * windowMs + index)
  const told = await toldBy(untold, 20 * windowMs)
  expect(told).toHaveLength(999)
})

it('tells a little at a time, and again only what was not answered', async () => {
  const untold = createUntold()
  const large = { name: 'large', limit: 100_000, windowMs }
  for (let count = 0; count < 25_000; count++) untold.note([large], count / 1_000)
  for (let index = 0; index < 250; index++) untold.note([limit(`${index}`)], 30)
  const told: number[] = []
  const sent: { calls: number; admissions: number }[] = []
  let answered = 0
  const tell = () =>
    untold.tell(
      async ({ name }, ages) => {
        const turn = sent.at(-1)
        if (turn) {
          turn.calls++
          turn.admissions += ages.length
        }
        if (++answered === 3) throw new Error('late')
        if (name === 'large') told.push(...ages)
      },
      () => {
        sent.push({ calls: 0, admissions: 0 })
        return 40
      },
    )
  await expect(tell()).rejects.toThrow('late')
  await tell()
  expect(Math.max(...sent.map(({ calls }) => calls))).toBeLessThanOrEqual(100)
  expect(Math.max(...sent.map(({ admissions }) => admissions))).toBeLessThanOrEqual(10_000)
  expect(told).toEqual(Array.from({ length: 25_000 }, (_, count) => 40 - count / 1_000))
})
