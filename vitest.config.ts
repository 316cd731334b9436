// One runner for server and acceptance; the last line it prints is the count that CI reads.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@aionvision/limiter': fileURLToPath(new URL('server/src/features/rate-limits', import.meta.url)) } },
  test: {
    include: ['server/src/**/*.test.ts', 'sdk/src/**/*.test.ts', 'web/src/**/*.test.ts', 'acceptance/**/*.test.ts'],
    globalSetup: ['server/src/testing/global-setup.ts'],
    reporters: ['default', './server/src/testing/count-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // A machine that does something else for seconds does not make a run of 20 minutes red; what needed it is named at the end.
    retry: process.env.CI ? 1 : 0,
    // One more than the cores of a small machine: much of the time is waited for.
    maxWorkers: 3,
    // Files share what they import: no module keeps a state.
    isolate: false,
  },
})
