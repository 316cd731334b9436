// Measures our hot paths beside their peers, in rounds, one server at a time on core 0 and wrk on core 1; exits 1 when a promise fails.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildHotPath } from './build.mjs'
import { hotPathCases, loginCases, prepare } from './cases.mjs'
import { missingTool } from './load.mjs'
import { measure } from './measure.mjs'
import { relaxed, startPeer, startServer } from './processes.mjs'
import { promises, yardstick } from './promises.mjs'
import { barsTable, figuresTable, median } from './report.mjs'
import { uploadGrowth } from './upload-memory.mjs'

const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const seconds = Number(process.env.BENCH_SECONDS ?? 4)
/** Only the cases whose name contains one of these, separated by commas, and no promises. */
const only = process.env.BENCH_ONLY?.split(',')
const results = fileURLToPath(new URL('results/', import.meta.url))

const missing = (await missingTool()) ?? (cpus().length < 2 ? 'The bench needs two cores: one for a server, one for wrk.' : null)
if (missing) {
  console.error(missing)
  process.exit(1)
}
execFileSync('taskset', ['-pc', '1', String(process.pid)])

const directory = mkdtempSync(join(tmpdir(), 'aion-bench-'))
mkdirSync(results, { recursive: true })
const running = []
const started = async (promise) => {
  const server = await promise
  running.push(server)
  return server
}

try {
  const env = relaxed(join(directory, 'data'))
  const profile = process.env.BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${results}`] : []
  const ours = await started(startServer(await buildHotPath(), env, { nodeOptions: profile }))
  console.error('preparing accounts, sessions and 1,000 keys on our server')
  const given = await prepare(ours.base)
  const growth = only ? [] : [await uploadGrowth(ours, given.keys[0])]
  ours.freeze()
  const peers = {}
  for (const [name, ...told] of [
    ['bare', 'bare.mjs'],
    ['sqlite', 'better-auth-keys.mjs', 'sqlite', 1000],
    ['fastest', 'better-auth-keys.mjs', 'fastest', 1000],
    ['session', 'better-auth-session.mjs', 100],
    ['argon2', 'argon2.mjs'],
  ]) {
    console.error(`starting the peer ${name}`)
    peers[name] = await started(startPeer(...told))
    peers[name].freeze()
  }

  const measured = new Map()
  const wanted = (cases) => cases.filter(({ name }) => !only || only.some((part) => name.includes(part)) || name === yardstick)
  for (const cases of [wanted(hotPathCases({ ours, peers, given, seconds })), wanted(loginCases({ ours, peers, given }))])
    for (let round = 0; round <= rounds; round++)
      for (const case_ of cases) {
        const result = await measure(case_, seconds, directory).catch((error) => {
          throw new Error(`${error.message} (round ${round})`)
        })
        // Round 0 warms up and is not counted.
        if (round === 0) measured.set(case_.name, [])
        else measured.get(case_.name).push(result)
        console.error(`round ${round}/${rounds}  ${case_.name}: ${Math.round(result.perSecond)}/s`)
      }

  // On a machine of one's own the bare route takes its whole core; where others take some, CPU time is the fairer clock.
  const share = median(measured.get(yardstick).map((round) => round.coreShare))
  const busy = share < 0.9
  const text = [
    `Node ${process.version}, ${cpus()[0].model.trim()}, ${rounds} rounds of ${seconds} s, one server core (PostgreSQL on wrk's), 64 connections, 1,000 keys.`,
    figuresTable(measured, yardstick),
  ]
  if (busy)
    text.push(
      `Other programs were running: the bare route got ${Math.round(share * 100)} % of its core. The promises are judged by requests per second of the server's CPU time.`,
    )
  let failed = 0
  if (!only) {
    const bars = barsTable(promises(measured, growth, busy ? 'perCpuSecond' : 'perSecond'))
    text.push(bars.text)
    failed = bars.failed
  }
  console.log(`\n${text.join('\n\n')}`)
  writeFileSync(join(results, `${new Date().toISOString().replace(/[:.]/g, '-')}.md`), `${text.join('\n\n')}\n`)
  if (failed) console.error(`\n${failed} of 9 promises do not hold.`)
  process.exitCode = failed ? 1 : 0
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await Promise.all(running.map((server) => server.stop()))
  rmSync(directory, { recursive: true, force: true })
}
