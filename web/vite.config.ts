// Builds the pages into dist/, which the server serves; `npm run dev -w web` serves them beside a server on port 3000.
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { docsPlugin } from './docs/docs-plugin.ts'
import { measurements } from './measurements.ts'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), tailwindcss(), measurements(), docsPlugin(fileURLToPath(new URL('../docs', import.meta.url)))],
  resolve: {
    alias: {
      '@aionvision/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)),
      // The limits lab runs what the server runs.
      '@aionvision/limiter': fileURLToPath(new URL('../server/src/features/rate-limits', import.meta.url)),
    },
  },
  // The server puts a fresh one into each answer; styles that libraries add carry it.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    // A data: URL would need an exception in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:3000', '/objects': 'http://127.0.0.1:3000' } },
})
