#!/usr/bin/env node
// Builds what is stale, then runs src/admin.ts.
import { build } from './build.js'

await build()
await import('../dist/admin.js')
