// What takes minutes and looks inside: `npm run audit-scale`, apart from `npm test`.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['server/src/**/*.long.ts'],
    globalSetup: ['server/src/testing/global-setup.ts'],
    hookTimeout: 60_000,
  },
})
