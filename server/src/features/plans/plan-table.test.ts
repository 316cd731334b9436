// The plan table: the promised figures, and overrides that are applied whole or refused with every fault named.
import { expect, test } from 'vitest'
import { defaultPlans, planNames, rankOf, readPlans } from './plan-table.ts'

const mb = 1_048_576
const gb = 1_073_741_824

test('holds the figures that were promised', () => {
  const column = <K extends keyof (typeof defaultPlans)['free']>(figure: K) => planNames.map((name) => defaultPlans[name][figure])
  expect(column('requestsPerMinute')).toEqual([10, 30, 100, 500])
  expect(column('imageSizeBytesMax')).toEqual([25 * mb, 50 * mb, 100 * mb, 200 * mb])
  expect(column('documentSizeBytesMax')).toEqual([50 * mb, 50 * mb, 50 * mb, 50 * mb])
  expect(column('storageBytesMax')).toEqual([gb, 25 * gb, 100 * gb, null])
  expect(column('concurrentUploads')).toEqual([10, 20, 30, 50])
  expect(column('batchFilesMax')).toEqual([10, 50, 100, 200])
  expect(column('monthlyUploads')).toEqual([1_000, 10_000, 50_000, null])
  expect(column('activeKeys')).toEqual([0, 10, 50, 250])
  expect(column('apiAccess')).toEqual([false, true, true, true])
  expect(column('priceUsd')).toEqual([0, 15, null, null])
  expect(rankOf('free')).toBeLessThan(rankOf('starter'))
})

test('an override changes its figure and nothing else', () => {
  const plans = readPlans('{"starter":{"requestsPerMinute":60},"PROFESSIONAL":{"price_usd":99,"storage_bytes_max":null}}')
  expect(plans.starter).toEqual({ ...defaultPlans.starter, requestsPerMinute: 60 })
  expect(plans.professional).toEqual({ ...defaultPlans.professional, priceUsd: 99, storageBytesMax: null })
  expect(plans.free).toEqual(defaultPlans.free)
  expect(readPlans(undefined)).toEqual(defaultPlans)
})

test.each([
  ['{', /it is not JSON/],
  ['[]', /must be an object of plans/],
  ['null', /must be an object of plans/],
  ['{"gold":{}}', /there is no plan "gold"/],
  ['{"__proto__":{"x":1}}', /there is no plan "__proto__"/],
  ['{"starter":5}', /starter must be an object of figures/],
  ['{"starter":{"name":"free"}}', /starter\.name is not a figure of a plan/],
  ['{"starter":{"constructor":1}}', /starter\.constructor is not a figure/],
  ['{"starter":{"requestsPerMinute":0}}', /starter\.requestsPerMinute must be a whole number from 1/],
  ['{"starter":{"requestsPerMinute":"60"}}', /not "60"/],
  ['{"starter":{"requestsPerMinute":1.5}}', /must be a whole number/],
  ['{"starter":{"requestsPerMinute":null}}', /must be a whole number/],
  ['{"starter":{"apiAccess":1}}', /apiAccess must be true or false/],
  ['{"starter":{"priceUsd":-1}}', /priceUsd must be a number of dollars/],
  ['{"starter":{"activeKeys":1,"active_keys":2}}', /starter\.activeKeys is given twice/],
])('refuses %s', (json, sentence) => {
  expect(() => readPlans(json)).toThrow(sentence)
})

test('names every fault at once', () => {
  expect(() => readPlans('{"gold":{},"free":{"activeKeys":-1,"colour":"red"}}')).toThrow(/gold.*free\.activeKeys.*free\.colour/s)
})
