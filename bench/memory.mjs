// What 100,000 keys in use take: of the memory of a server that counts for itself, of one that counts in Redis, and of that Redis;
// and of PostgreSQL's CPU time, for a key that is first seen and for the row of its use. `bench/model.mjs` reckons with what this writes.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createKeys, signUp } from './accounts.mjs'
import { buildHotPath } from './build.mjs'
import { load, missingTool } from './load.mjs'
import { redisCli, relaxed, startRedis, startServer } from './processes.mjs'

const count = Number(process.env.BENCH_KEYS ?? 100_000)
const tenants = 100
const atOnce = 5
const passSeconds = 5
const redisPort = Number(process.env.BENCH_REDIS_PORT ?? 6391)
const figuresFile = fileURLToPath(new URL('memory.json', import.meta.url))

const missing = await missingTool()
const redis = missing ? null : await startRedis(redisPort)
if (!redis) {
  console.error(missing ?? 'The bench needs redis-server, which is not installed: apt-get install redis-server')
  process.exit(1)
}
execFileSync('taskset', ['-pc', '1', String(process.pid)])
const directory = mkdtempSync(join(tmpdir(), 'aion-memory-'))
const running = [redis]

const residentBytes = ({ pid }) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
const redisBytes = () => Number(/used_memory:(\d+)/.exec(redisCli(redisPort, 'info', 'memory'))[1])

/** Asks with every key at least once, in turn, as fast as it is answered; how many requests that were. */
async function useAll(server, keys) {
  const case_ = {
    name: 'memory',
    base: server.base,
    path: '/api/v2/bench/resource',
    header: 'Authorization',
    prefix: 'Bearer ',
    lines: keys,
  }
  let done = 0
  while (done < keys.length) done += Math.round((await load(case_, passSeconds, directory)).perSecond * passSeconds)
  // Usage and last use are written at most four seconds later.
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  return done
}

try {
  const entry = await buildHotPath()
  const env = {
    AION_SECRET: 'one secret for all servers of this bench, 32 bytes at least',
    AION_KEY_CACHE_SIZE: String(2 * count),
  }
  // Garbage is collected soon, so that what is resident is what is kept.
  const options = { nodeOptions: ['--max-semi-space-size=4'] }
  const first = await startServer(entry, { ...relaxed(join(directory, 'first')), ...env }, options)
  running.push(first)
  console.error(`making ${count.toLocaleString('en')} keys`)
  const keys = []
  // Keys of one workspace are written one after the other: its trail is a chain.
  for (let tenant = 0; tenant < tenants; tenant += atOnce)
    keys.push(
      ...(
        await Promise.all(
          Array.from({ length: atOnce }, async (_, place) =>
            createKeys(first.base, await signUp(first.base, `m${tenant + place}`), count / tenants),
          ),
        )
      ).flat(),
    )
  const shared = { ...env, DATABASE_URL: first.databaseUrl(), REDIS_URL: redis.url }
  const figures = {}
  for (const [name, own] of [
    ['in the process', { ...env, DATABASE_URL: first.databaseUrl() }],
    ['in Redis', shared],
  ]) {
    const server = await startServer(entry, { ...relaxed(join(directory, name)), ...own }, options)
    running.push(server)
    await useAll(server, keys.slice(0, 1_000))
    const at = () => ({ server: residentBytes(server), redis: redisBytes(), database: first.databaseCpuSeconds() })
    const before = at()
    await useAll(server, keys)
    const seen = at()
    const requests = await useAll(server, keys)
    const again = at()
    const each = (field, from, to, of, factor = 1) => Math.round(((to[field] - from[field]) * factor) / of)
    const databaseUse = each('database', seen, again, count, 1e6)
    figures[name] = {
      serverBytesAKey: each('server', before, seen, count),
      redisBytesAKey: each('redis', before, seen, count),
      redisBytesARequest: each('redis', seen, again, requests),
      databaseMicrosFirstSeen: each('database', before, seen, count, 1e6) - databaseUse,
      databaseMicrosUse: databaseUse,
    }
  }
  console.log(`${count.toLocaleString('en')} keys of ${tenants} workspaces in use\n`)
  const columns = Object.keys(figures['in Redis'])
  console.log(`| limits counted | ${columns.join(' | ')} |\n|---|${'--:|'.repeat(columns.length)}`)
  for (const [name, row] of Object.entries(figures)) console.log(`| ${name} | ${Object.values(row).join(' | ')} |`)
  writeFileSync(figuresFile, `${JSON.stringify({ keys: count, figures }, null, 2)}\n`)
} finally {
  for (const server of running.reverse()) await server.stop()
  rmSync(directory, { recursive: true, force: true })
}
