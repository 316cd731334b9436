// Servers under test: each on its own core, and only the one being measured runs at all.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pinned = (cores, args, options) => spawn('taskset', ['-c', cores, ...args], options)

/** A peer of ours tells its port and credentials over the channel that fork-like processes share. */
export async function startPeer(script, ...args) {
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url))
  const child = pinned('0', [process.execPath, path, ...args.map(String)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [told] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${script} ended with code ${code}`))),
  ])
  return { ...handle(child, [child.pid]), ...told, base: `http://127.0.0.1:${told.port}` }
}

/** Limits that would stop a bench, not what it measures. */
export function relaxed(dataDir) {
  const figures = {
    requestsPerMinute: 1_000_000,
    activeKeys: 5_000,
    monthlyUploads: null,
    storageBytesMax: null,
    imageSizeBytesMax: 2 ** 30,
  }
  const off = ['LOGIN', 'REGISTER', 'RESET', 'RESEND', 'UNAUTHENTICATED'].map((name) => [`AION_LIMIT_${name}`, 'off'])
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    AION_DATA_DIR: dataDir,
    AION_PLAN_OVERRIDES: JSON.stringify({ starter: figures }),
    AION_TENANT_CEILING_FACTOR: '0',
    ...Object.fromEntries(off),
  }
}

/** The server as it is shipped, with its workers if it has any, on a free port; it says on standard output where it listens. */
export async function startServer(entry, env, { nodeOptions = [], cores = '0' } = {}) {
  const { NODE_ENV: _, ...inherited } = process.env
  const child = pinned(cores, [process.execPath, ...nodeOptions, entry], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const base = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += chunk
      const found = /listens on (http:\S+)/.exec(said)
      if (found) resolve(found[1])
    })
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
  })
  const below = descendants(child.pid)
  const workers = below.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(entry))
  // The database is a server of its own: it shares wrk's core, and leaves the measured one to the process under test.
  const database = below.filter((pid) => !workers.includes(pid))
  for (const pid of database) execFileSync('taskset', ['-apc', '1', String(pid)])
  return {
    ...handle(child, [child.pid, ...workers]),
    base,
    /** Of its embedded PostgreSQL. */
    databaseUrl() {
      const [, , , port, directory] = readFileSync(join(env.AION_DATA_DIR, 'postgres/postmaster.pid'), 'utf8').split('\n')
      return `postgres://postgres@localhost:${port}/postgres?host=${encodeURIComponent(directory)}`
    },
    /** Of its embedded PostgreSQL, with those of its processes that have ended. */
    databaseCpuSeconds: () =>
      sum(
        descendants(child.pid).filter((pid) => !workers.includes(pid)),
        (pid) => {
          try {
            return cpuSeconds(pid, 4)
          } catch {
            // It ended meanwhile: its parent has its time.
            return 0
          }
        },
      ),
  }
}

/** Keeps nothing on disk; null where none is installed. */
export async function startRedis(port) {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = pinned('1', ['redis-server', ...options], { stdio: 'ignore' })
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
    if (redisCli(port, 'ping') === 'PONG') return { ...handle(child, [child.pid]), url: `redis://127.0.0.1:${port}` }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return null
}

export function redisCli(port, ...command) {
  const { stdout } = spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' })
  return stdout?.trim()
}

/** pids: of all that is measured and stopped together. */
function handle(child, pids) {
  let gone = false
  child.once('exit', () => {
    gone = true
  })
  const signal = (name) => {
    if (!gone) for (const pid of pids) process.kill(pid, name)
  }
  return {
    pid: child.pid,
    cpuSeconds: () => sum(pids, (pid) => cpuSeconds(pid)),
    async ask(question) {
      child.send(question)
      const [said] = await once(child, 'message')
      return said
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      if (gone) return
      const ended = once(child, 'exit')
      signal('SIGCONT')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(late)
    },
  }
}

const sum = (items, amount) => items.reduce((total, item) => total + amount(item), 0)

/** Fields of /proc/PID/stat from the state on. */
const stat = (pid) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** User and system time of all threads, with `fields` 4 of the children that ended too; /proc counts in hundredths of a second. */
function cpuSeconds(pid, fields = 2) {
  return sum(stat(pid).slice(11, 11 + fields), Number) / 100
}

function descendants(root) {
  const parents = new Map()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      parents.set(Number(pid), Number(stat(pid)[1]))
    } catch {
      // It ended meanwhile.
    }
  const below = (pid) => parents.has(pid) && (parents.get(pid) === root || below(parents.get(pid)))
  return [...parents.keys()].filter(below)
}
