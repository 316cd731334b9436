// What so many servers, keys and requests need of CPU, Redis, PostgreSQL and network, reckoned from what was measured here:
// `node bench/model.mjs [requests a second] [keys in use] [servers]`. The figures come from scaling.mjs and memory.mjs.
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

function read(name) {
  try {
    return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
  } catch {
    console.error('Nothing to reckon with yet: run `node bench/scaling.mjs` and `node bench/memory.mjs` first.')
    process.exit(1)
  }
}
const { figures, servers: measuredServers, machine } = read('scaling.json')
const { figures: memory } = read('memory.json')

const [requests = 1_000_000, keys = 10_000_000, servers = 100] = process.argv.slice(2).map(Number)
if (![requests, keys, servers].every((figure) => Number.isFinite(figure) && figure > 0)) {
  console.error('Usage: node bench/model.mjs [requests a second] [keys in use] [servers]')
  process.exit(1)
}

/** Of a core: beyond it queues grow faster than load. */
const busy = 0.6
/** Keys that one server keeps unless told otherwise: AION_KEY_CACHE_SIZE. */
const cacheSize = 100_000
/** How often a server writes usage and last use: features/usage/recorder.ts, features/api-keys/authenticate-key.ts. */
const flushSeconds = 4
/** HTTP of one small call and its answer, headers included, both ways; measured with curl against GET /api/v2/user-files. */
const httpBytes = 1_100
/** Of the pool, the listener, and the job queue. */
const connections = 20 + 1 + 1

const call = figures['a call with a key, one process, Redis']
const kept = memory['in Redis']

/** Keys that are seen at least once in a window by one of `places` that share the requests evenly. */
const seen = (places, seconds, keysOfPlace) => keysOfPlace * (1 - Math.exp((-requests * seconds) / places / keysOfPlace))

function reckon(affinity) {
  const keysOfServer = affinity ? keys / servers : keys
  const missShare = Math.max(0, 1 - cacheSize / keysOfServer)
  const rows = (servers * seen(servers, flushSeconds, keysOfServer)) / flushSeconds
  return {
    'server cores': (requests * call.serverMicros) / 1e6 / busy,
    'memory of a server for its keys, MB': (Math.min(cacheSize, keysOfServer) * kept.serverBytesAKey) / 1e6,
    'requests that miss the memory of their server, a second': requests * missShare,
    'rows of usage and last use written, a second': rows,
    'PostgreSQL cores for them': (rows * kept.databaseMicrosUse) / 1e6 / busy,
    'PostgreSQL cores for misses': (requests * missShare * kept.databaseMicrosFirstSeen) / 1e6 / busy,
    'PostgreSQL connections': servers * connections,
  }
}

const redisNeeds = {
  'Redis cores (shards of a Cluster)': (requests * call.redisMicros) / 1e6 / busy,
  'Redis memory, GB':
    (seen(1, 60, keys) * (kept.redisBytesAKey - kept.redisBytesARequest) + requests * 60 * kept.redisBytesARequest) / 1e9,
  'Redis network, Gbit/s': (requests * call.redisBytes * 8) / 1e9,
  'HTTP network, Gbit/s': (requests * httpBytes * 8) / 1e9,
}

const written = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(2)).toString())
const [anywhere, bound] = [reckon(false), reckon(true)]

console.log(`${requests.toLocaleString('en')} requests a second of ${keys.toLocaleString('en')} keys over ${servers} servers,`)
console.log(`cores at ${busy * 100} %. From: ${machine}.\n`)
console.log('| need | any key to any server | each key to one server |\n|---|--:|--:|')
for (const [need, value] of Object.entries(anywhere)) console.log(`| ${need} | ${written(value)} | ${written(bound[need])} |`)
for (const [need, value] of Object.entries(redisNeeds)) console.log(`| ${need} | ${written(value)} | ${written(value)} |`)

// One server is what the model is made of; two and three are what it has to foretell.
console.log(
  `\n| measured against reckoned (${cpus().length} cores here) | server µs | reckoned | Redis µs | reckoned |\n|---|--:|--:|--:|--:|`,
)
const [one, ...more] = Object.entries(measuredServers)
for (const [name, row] of [one, ...more])
  console.log(`| ${name} | ${row.serverMicros} | ${one[1].serverMicros} | ${row.redisMicros} | ${one[1].redisMicros} |`)
