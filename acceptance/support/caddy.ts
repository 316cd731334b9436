// A Caddy of one test's own, with the configuration that deploy/ offers and nothing else changed than addresses; without TLS.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { answersAt, freePort } from './ports.ts'
import { repository } from './server.ts'

export interface OwnCaddy {
  readonly url: string
  stop(): Promise<void>
}

export function hasCaddy(): boolean {
  try {
    execFileSync('caddy', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export async function startCaddy(directory: string, servers: readonly string[]): Promise<OwnCaddy> {
  mkdirSync(directory, { recursive: true })
  const port = await freePort()
  let site = readFileSync(join(repository, 'deploy/caddy/Caddyfile'), 'utf8')
  const put = (from: string, to: string) => {
    if (!site.includes(from)) throw new Error(`deploy/caddy/Caddyfile has no ${from}`)
    site = site.replaceAll(from, to)
  }
  put('api.example.com {', `http://127.0.0.1:${port} {`)
  put('127.0.0.1:3001 127.0.0.1:3002', servers.map((server) => new URL(server).host).join(' '))
  const file = join(directory, 'Caddyfile')
  writeFileSync(file, `{\n\tadmin off\n}\n${site}`)
  const env = { PATH: process.env.PATH ?? '', HOME: directory }
  const child = spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env, stdio: 'ignore' })
  const ended = once(child, 'exit')
  for (let attempt = 0; !(await answersAt(port)); attempt++) {
    if (attempt === 200) throw new Error('Caddy did not start')
    await sleep(20)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
