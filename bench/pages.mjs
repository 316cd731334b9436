// What the first view of a page costs in a browser that has never seen it: script, largest paint, layout shift, long tasks.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { build } from '../server/bin/build.js'
import { signUp } from './accounts.mjs'
import { relaxed, startServer } from './processes.mjs'
import { median } from './report.mjs'

const starts = Number(process.env.BENCH_ROUNDS ?? 7)
const executablePath = process.env.AION_CHROMIUM ?? '/usr/bin/chromium'
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
/** Issue Web, done when 2. */
const bars = { paintMs: 1_000, shift: 0.02, longTaskMs: 100 }
const pages = [
  { path: '/', scriptKb: 120 },
  { path: '/pricing', scriptKb: 120 },
  { path: '/auth/register', scriptKb: 120 },
  { path: '/auth/login', scriptKb: 120 },
  { path: '/auth/forgot-password', scriptKb: 120 },
  { path: '/dashboard', scriptKb: 250, signedIn: true },
]

const observe = `window.seen = { paintMs: 0, shift: 0, longTaskMs: 0 }
const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true })
watch('largest-contentful-paint', (entry) => { seen.paintMs = entry.startTime })
watch('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value })
watch('longtask', (entry) => { seen.longTaskMs = Math.max(seen.longTaskMs, entry.duration) })`

const dist = fileURLToPath(new URL('../web/dist', import.meta.url))

async function firstView({ path, signedIn }, base, token) {
  const browser = await chromium.launch({ executablePath, args })
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    if (signedIn)
      await context.addCookies([{ name: 'aionvision_session', value: token, url: base, httpOnly: true, sameSite: 'Lax' }])
    await context.addInitScript({ content: observe })
    const page = await context.newPage()
    await page.goto(base + path, { waitUntil: 'networkidle' })
    // What moves late counts as well.
    await page.waitForTimeout(500)
    const { seen, scripts } = await page.evaluate(
      `({ seen, scripts: performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js')) })`,
    )
    const scriptKb = scripts.reduce((sum, name) => sum + statSync(`${dist + new URL(name).pathname}.gz`).size, 0) / 1000
    return { ...seen, scriptKb }
  } finally {
    await browser.close()
  }
}

await build()
const directory = mkdtempSync(join(tmpdir(), 'aion-pages-'))
const server = await startServer(
  fileURLToPath(new URL('../server/bin/aion-server.js', import.meta.url)),
  relaxed(join(directory, 'data')),
)
let broken = 0
try {
  const { token } = await signUp(server.base, 'pages')
  console.log(`Medians of ${starts} fresh starts of Chromium, 1440 × 900.\n`)
  console.log('| first view | script, kB gzip | largest paint, ms | layout shift | longest task, ms | holds |')
  console.log('|---|--:|--:|--:|--:|---|')
  for (const page of pages) {
    const views = []
    for (let start = 0; start < starts; start++) views.push(await firstView(page, server.base, token))
    const of = (name) => median(views.map((view) => view[name]))
    const holds =
      of('scriptKb') <= page.scriptKb &&
      of('paintMs') < bars.paintMs &&
      of('shift') < bars.shift &&
      of('longTaskMs') <= bars.longTaskMs
    if (!holds) broken++
    console.log(
      `| \`${page.path}\` | ${of('scriptKb').toFixed(1)} of ${page.scriptKb} | ${of('paintMs').toFixed(0)} | ${of('shift').toFixed(4)} | ${of('longTaskMs').toFixed(0)} | ${holds ? 'yes' : '**no**'} |`,
    )
  }
} finally {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}
process.exitCode = broken > 0 ? 1 : 0
