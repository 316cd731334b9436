// One turn of one case: its server alone runs, and what it answered is held against the CPU time that it took.
import { load } from './load.mjs'

export async function measure(case_, seconds, directory) {
  const { server } = case_
  server.thaw()
  try {
    const before = { cpu: server.cpuSeconds(), at: performance.now() }
    const result = await (case_.measure ? case_.measure(seconds) : load(case_, seconds, directory))
    const cpu = server.cpuSeconds() - before.cpu
    const wall = (performance.now() - before.at) / 1000
    return { ...result, perCpuSecond: (result.perSecond * wall) / cpu, coreShare: cpu / wall }
  } finally {
    server.freeze()
  }
}
