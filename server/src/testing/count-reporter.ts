// Prints the count of tests as the last line, in the plain form that any CI can read.
import type { Reporter, TestModule } from 'vitest/node'

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    let broken = 0
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++
      if (module.state() === 'failed' && [...module.children.allTests()].every((test) => test.result().state !== 'failed'))
        broken++
    }
    const skipped = count.skipped + count.pending
    // After the other reporters have had their say.
    process.once('exit', () =>
      console.log(`${count.passed} passed, ${count.failed + broken} failed${skipped ? `, ${skipped} skipped` : ''}`),
    )
  }
}
