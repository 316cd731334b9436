// Prints the count of tests as the last line, in the plain form that any CI can read; before it, what passed only when it was run again.
import type { Reporter, TestModule } from 'vitest/node'

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    let broken = 0
    const again: string[] = []
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        count[test.result().state]++
        if (test.diagnostic()?.flaky) again.push(`${module.relativeModuleId} > ${test.fullName}`)
      }
      if (module.state() === 'failed' && [...module.children.allTests()].every((test) => test.result().state !== 'failed'))
        broken++
    }
    const skipped = count.skipped + count.pending
    // After the other reporters have had their say.
    process.once('exit', () => {
      for (const test of again) console.log(`passed only when it was run again: ${test}`)
      console.log(`${count.passed} passed, ${count.failed + broken} failed${skipped ? `, ${skipped} skipped` : ''}`)
    })
  }
}
