// What a call with a key and a presigned URL cost on each set of parts, on one and two workers, and on one, two and three servers:
// CPU time of the servers, of Redis and of PostgreSQL for each request. `bench/model.mjs` reckons with what this writes.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildHotPath } from './build.mjs'
import { hotPathCases, prepare } from './cases.mjs'
import { load, missingTool } from './load.mjs'
import { measure } from './measure.mjs'
import { redisCli, relaxed, startRedis, startServer } from './processes.mjs'
import { barsTable, median } from './report.mjs'

const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const seconds = Number(process.env.BENCH_SECONDS ?? 4)
const connections = Number(process.env.BENCH_CONNECTIONS ?? 64)
const redisPort = Number(process.env.BENCH_REDIS_PORT ?? 6390)
const figuresFile = fileURLToPath(new URL('scaling.json', import.meta.url))
const secret = { AION_SECRET: 'one secret for all servers of this bench, 32 bytes at least' }
/** The bucket that acceptance/support/start-radosgw.mjs made, or any other; without one presigning for S3 is not measured. */
const bucket = process.env.AION_TEST_S3_ENDPOINT && {
  S3_ENDPOINT: process.env.AION_TEST_S3_ENDPOINT,
  S3_BUCKET: process.env.AION_TEST_S3_BUCKET,
  S3_ACCESS_KEY_ID: process.env.AION_TEST_S3_ACCESS_KEY_ID,
  S3_SECRET_ACCESS_KEY: process.env.AION_TEST_S3_SECRET_ACCESS_KEY,
}

const missing = (await missingTool()) ?? (cpus().length < 2 ? 'The bench needs two cores.' : null)
const redis = missing ? null : await startRedis(redisPort)
if (missing || !redis) {
  console.error(missing ?? 'The bench needs redis-server, which is not installed: apt-get install redis-server')
  process.exit(1)
}
execFileSync('taskset', ['-pc', '1', String(process.pid)])

const counted = { REDIS_URL: redis.url }
const settings = [
  { name: 'one process', env: {} },
  { name: 'two workers', env: { AION_WORKERS: '2' }, cores: '0,1' },
  { name: 'one process, Redis', env: { ...counted, AION_REDIS_PREFIX: 'bench1:' } },
  { name: 'two workers, Redis', env: { ...counted, AION_REDIS_PREFIX: 'bench2:', AION_WORKERS: '2' }, cores: '0,1' },
  ...(bucket
    ? [
        { name: 'one process, Redis, S3', env: { ...counted, ...bucket, AION_REDIS_PREFIX: 'bench3:' } },
        {
          name: 'two workers, Redis, S3',
          env: { ...counted, ...bucket, AION_REDIS_PREFIX: 'bench4:', AION_WORKERS: '2' },
          cores: '0,1',
        },
      ]
    : []),
]
/** Nobody measures peers here. */
const nobody = { base: '', credentials: [] }
const peers = { bare: nobody, sqlite: nobody, fastest: nobody, session: nobody }
const wanted = { 'hot path with a key': 'a call with a key', 'request-presigned-url': 'a presigned URL' }

const directory = mkdtempSync(join(tmpdir(), 'aion-scaling-'))
const running = [redis]

/** Beside what one server is measured by: what its parts took meanwhile. */
async function withParts(case_, database) {
  const before = { redis: redis.cpuSeconds(), database: database.databaseCpuSeconds(), bytes: redisBytes() }
  const result = await measure(case_, seconds, directory)
  const requests = result.perSecond * seconds
  return {
    ...result,
    serverMicros: 1e6 / result.perCpuSecond,
    redisMicros: ((redis.cpuSeconds() - before.redis) * 1e6) / requests,
    databaseMicros: ((database.databaseCpuSeconds() - before.database) * 1e6) / requests,
    redisBytes: (redisBytes() - before.bytes) / requests,
  }
}

/** In and out. */
function redisBytes() {
  const told = redisCli(redisPort, 'info', 'stats')
  const of = (name) => Number(new RegExp(`${name}:(\\d+)`).exec(told)?.[1])
  return of('total_net_input_bytes') + of('total_net_output_bytes')
}

try {
  const entry = await buildHotPath()
  const cases = []
  for (const [index, { name, env, cores }] of settings.entries()) {
    console.error(`preparing: ${name}`)
    const server = await startServer(entry, { ...relaxed(join(directory, String(index))), ...env, ...secret }, { cores })
    running.push(server)
    const given = await prepare(server.base)
    // Who waits for PostgreSQL and Redis must not be stopped: it would find them late, and count them as gone.
    const ours = { ...server, freeze() {}, thaw() {} }
    for (const case_ of hotPathCases({ ours, peers, given, seconds }))
      if (wanted[case_.name]) cases.push({ ...case_, connections, name: `${wanted[case_.name]}, ${name}`, database: server })
  }

  // What two cores do for two processes that know nothing of each other: the rest is the price of deciding as one.
  const strangers = []
  for (const index of [1, 2]) {
    const server = await startServer(entry, { ...relaxed(join(directory, `stranger ${index}`)), ...secret }, { cores: '0,1' })
    running.push(server)
    strangers.push({ server, given: await prepare(server.base) })
  }
  cases.push({ ...together('a call with a key, two that share nothing', strangers), database: strangers[0].server })

  const measured = new Map(cases.map(({ name }) => [name, []]))
  // Round 0 warms up and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const case_ of cases) {
      const result = await withParts(case_, case_.database)
      if (round > 0) measured.get(case_.name).push(result)
      console.error(`round ${round}/${rounds}  ${case_.name}: ${Math.round(result.perSecond)}/s`)
    }

  const servers = await oneTwoThree(entry)
  const machine = `Node ${process.version}, ${cpus()[0].model.trim()}, ${cpus().length} cores; ${connections} connections, medians of ${rounds} rounds of ${seconds} s`
  const figures = Object.fromEntries([...measured].map(([name, taken]) => [name, medians(taken)]))
  console.log(`${machine}\n`)
  console.log('| what | requests/s | p50 ms | p99 ms | server, CPU µs | Redis, CPU µs | PostgreSQL, CPU µs | Redis, bytes |')
  console.log('|---|--:|--:|--:|--:|--:|--:|--:|')
  for (const [name, row] of [...Object.entries(figures), ...Object.entries(servers)])
    console.log(`| ${[name, ...Object.values(row).map((value) => value.toLocaleString('en'))].join(' | ')} |`)
  const ratio = (name, other, factor = 1) =>
    measured.get(name).map((round, index) => (factor * round.perCpuSecond) / measured.get(other)[index].perCpuSecond)
  const hot = (name) => `a call with a key, ${name}`
  // Two workers on two free cores: the load and the database take some of the second one here, so it is reckoned by CPU time.
  const bars = barsTable([
    { what: 'Redis ÷ in the process, per core', values: ratio(hot('one process, Redis'), hot('one process')), required: 0.5 },
    { what: '2 workers ÷ 1, each with a core', values: ratio(hot('two workers'), hot('one process'), 2), required: 1.7 },
    {
      what: '2 workers ÷ 1, each with a core, Redis',
      values: ratio(hot('two workers, Redis'), hot('one process, Redis'), 2),
      required: 1.7,
    },
  ])
  console.log(`\n${bars.text}`)
  if (rounds >= 3) writeFileSync(figuresFile, `${JSON.stringify({ machine, figures, servers }, null, 2)}\n`)
  process.exitCode = bars.failed ? 1 : 0
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  for (const server of running.reverse()) await server.stop()
  rmSync(directory, { recursive: true, force: true })
}

/** The same keys asked of one, two and three servers at once: whether a request costs the same whoever answers. */
async function oneTwoThree(entry) {
  const env = { ...counted, ...secret, AION_REDIS_PREFIX: 'bench-servers:' }
  const first = await startServer(entry, { ...relaxed(join(directory, 'first')), ...env })
  running.push(first)
  const given = await prepare(first.base)
  const group = [first]
  const told = {}
  for (let count = 1; count <= 3; count++) {
    if (count > 1) {
      const own = { ...relaxed(join(directory, `server ${count}`)), ...env, DATABASE_URL: first.databaseUrl() }
      const server = await startServer(entry, own)
      running.push(server)
      group.push(server)
    }
    const case_ = together(
      `${count} servers`,
      group.map((server) => ({ server, given })),
    )
    const taken = []
    for (let round = 0; round <= rounds; round++) {
      const result = await withParts(case_, first)
      if (round > 0) taken.push(result)
      console.error(`round ${round}/${rounds}  ${count} servers: ${Math.round(result.perSecond)}/s`)
    }
    told[`a call with a key, ${count} server${count > 1 ? 's' : ''} on one Redis`] = medians(taken)
  }
  return told
}

/** One case of several servers at once, the connections of one spread over them. */
function together(name, members) {
  const servers = members.map(({ server }) => server)
  const all = {
    cpuSeconds: () => servers.reduce((total, server) => total + server.cpuSeconds(), 0),
    thaw() {},
    freeze() {},
  }
  const shares = members.map(({ server, given }, index) => {
    const hot = hotPathCases({ ours: server, peers, given, seconds }).find((case_) => case_.name === 'hot path with a key')
    return { ...hot, name: `${name}, the ${index + 1}.`, connections: Math.ceil(connections / members.length) }
  })
  return {
    name,
    server: all,
    async measure() {
      const results = await Promise.all(shares.map((share) => load(share, seconds, directory)))
      return {
        perSecond: results.reduce((total, { perSecond }) => total + perSecond, 0),
        p50: median(results.map(({ p50 }) => p50)),
        p99: Math.max(...results.map(({ p99 }) => p99)),
      }
    },
  }
}

function medians(taken) {
  const fields = ['perSecond', 'p50', 'p99', 'serverMicros', 'redisMicros', 'databaseMicros', 'redisBytes']
  return Object.fromEntries(fields.map((field) => [field, Number(median(taken.map((round) => round[field])).toPrecision(3))]))
}
