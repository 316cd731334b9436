#!/usr/bin/env node
// Runs dist/aion.js; in a checkout, where build.js lies beside it, builds what is stale first.
import { existsSync } from 'node:fs'

const build = new URL('build.js', import.meta.url)
if (existsSync(build)) await (await import(build.href)).build()
await import('../dist/aion.js')
