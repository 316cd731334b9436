#!/usr/bin/env node
// Builds what is stale, then runs src/main.ts.
import { build } from './build.js'

await build()
await import('../dist/main.js')
