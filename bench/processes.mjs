// Servers under test: each its own process on core 0, and only the one being measured runs at all.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const pinned = (args, options) => spawn('taskset', ['-c', '0', process.execPath, ...args], options)

/** A peer of ours tells its port and credentials over the channel that fork-like processes share. */
export async function startPeer(script, ...args) {
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url))
  const child = pinned([path, ...args.map(String)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [told] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${script} ended with code ${code}`))),
  ])
  return { ...handle(child), ...told, base: `http://127.0.0.1:${told.port}` }
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

/** The server as it is shipped, on a free port; it says on standard output where it listens. */
export async function startServer(entry, env, nodeOptions = []) {
  const { NODE_ENV: _, ...inherited } = process.env
  const child = pinned([...nodeOptions, entry], { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const base = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += chunk
      const found = /listens on (http:\S+)/.exec(said)
      if (found) resolve(found[1])
    })
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
  })
  // The database is a server of its own: it shares wrk's core, and leaves the measured one to the process under test.
  for (const pid of descendants(child.pid)) execFileSync('taskset', ['-apc', '1', String(pid)])
  return { ...handle(child), base }
}

function handle(child) {
  let gone = false
  child.once('exit', () => {
    gone = true
  })
  return {
    pid: child.pid,
    cpuSeconds: () => cpuSeconds(child.pid),
    async ask(question) {
      child.send(question)
      const [said] = await once(child, 'message')
      return said
    },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    async stop() {
      if (gone) return
      const ended = once(child, 'exit')
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(late)
    },
  }
}

/** Fields of /proc/PID/stat from the state on. */
const stat = (pid) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** User and system time of all threads; /proc counts in hundredths of a second. */
function cpuSeconds(pid) {
  const fields = stat(pid)
  return (Number(fields[11]) + Number(fields[12])) / 100
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
