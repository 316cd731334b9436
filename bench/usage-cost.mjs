// What counting usage costs a call with a key: the server with it and without it, in turn, ten times each.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildHotPath } from './build.mjs'
import { hotPathCases, prepare } from './cases.mjs'
import { load, missingTool } from './load.mjs'
import { relaxed, startServer } from './processes.mjs'
import { median } from './report.mjs'

const pairs = Number(process.env.BENCH_ROUNDS ?? 10)
const seconds = Number(process.env.BENCH_SECONDS ?? 4)
/** Issue People, done when 4: the hot path may lose less than this. */
const lossMax = 0.05

const missing = await missingTool()
if (missing) {
  console.error(missing)
  process.exit(1)
}
execFileSync('taskset', ['-pc', '1', String(process.pid)])
const directory = mkdtempSync(join(tmpdir(), 'aion-bench-'))
const servers = []
try {
  const sides = []
  for (const uncounted of [false, true]) {
    const server = await startServer(await buildHotPath({ uncounted }), relaxed(join(directory, String(uncounted))))
    servers.push(server)
    const given = await prepare(server.base)
    const nobody = { base: server.base, credentials: [] }
    const peers = { bare: nobody, sqlite: nobody, fastest: nobody, session: nobody }
    const hot = hotPathCases({ ours: server, peers, given, seconds }).find(({ name }) => name === 'hot path with a key')
    server.freeze()
    sides.push({ server, hot, perCpuSecond: [], perSecond: [] })
  }
  for (let pair = 0; pair <= pairs; pair++) {
    // Which side goes first changes, so that neither always follows the other.
    for (const side of pair % 2 ? sides : [...sides].reverse()) {
      side.server.thaw()
      const cpuBefore = side.server.cpuSeconds()
      const { perSecond } = await load(side.hot, seconds, directory)
      const answered = perSecond * seconds
      const cpu = side.server.cpuSeconds() - cpuBefore
      side.server.freeze()
      // The first pair warms up.
      if (pair > 0) {
        side.perSecond.push(perSecond)
        side.perCpuSecond.push(answered / cpu)
      }
    }
    console.error(`pair ${pair}/${pairs}`)
  }
  const [counted, uncounted] = sides
  const report = (unit) => {
    const ratios = counted[unit].map((value, index) => value / uncounted[unit][index])
    return { ratio: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
  }
  for (const unit of ['perSecond', 'perCpuSecond']) {
    const { ratio, min, max } = report(unit)
    console.log(
      `${unit}: counted / uncounted, median of ${pairs} pairs ${ratio.toFixed(3)} (${min.toFixed(3)} – ${max.toFixed(3)})`,
    )
  }
  process.exitCode = report('perCpuSecond').ratio > 1 - lossMax ? 0 : 1
} finally {
  await Promise.all(servers.map((server) => server.stop()))
  rmSync(directory, { recursive: true, force: true })
}
