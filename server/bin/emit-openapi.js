#!/usr/bin/env node
// Builds what is stale, then writes contract/openapi.json from the routes.
import { build } from './build.js'

await build()
await import('../dist/emit-openapi.js')
