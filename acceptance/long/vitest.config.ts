// What takes minutes, apart from `npm test`: `npm run crash`, `npm run usage`, `npm run revocation`.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: '.',
    include: ['acceptance/long/*.long.ts'],
    exclude: ['**/node_modules/**'],
    reporters: ['default', './server/src/testing/count-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
