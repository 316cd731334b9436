// An nginx of one test's own, with the configuration that deploy/ offers and nothing else changed than addresses and paths.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { answersAt, freePort } from './ports.ts'
import { repository } from './server.ts'

export interface OwnNginx {
  readonly url: string
  /** Port 80 of the example. */
  readonly plainUrl: string
  /** What it has logged so far. */
  errors(): string
  stop(): Promise<void>
}

export function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Before the servers: they are told its address. `begin` is given theirs. */
export async function prepareNginx(
  directory: string,
): Promise<{ url: string; begin(servers: readonly string[]): Promise<OwnNginx> }> {
  const [port, plainPort] = [await freePort(), await freePort()]
  const url = `https://127.0.0.1:${port}`
  return {
    url,
    async begin(servers) {
      mkdirSync(directory, { recursive: true })
      const certificate = ['-keyout', join(directory, 'privkey.pem'), '-out', join(directory, 'fullchain.pem')]
      const subject = ['-days', '2', '-nodes', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...certificate, ...subject], { stdio: 'ignore' })
      let site = readFileSync(join(repository, 'deploy/nginx/aionvision.conf'), 'utf8')
      const put = (from: string, to: string) => {
        if (!site.includes(from)) throw new Error(`deploy/nginx/aionvision.conf has no ${from}`)
        site = site.replaceAll(from, to)
      }
      site = site.replace(/^ +server 127\.0\.0\.1:3001(.*;)\n +server 127\.0\.0\.1:3002.*;$/gm, (_, rest) =>
        servers.map((server) => `server ${new URL(server).host}${rest}`).join('\n'),
      )
      if (site.includes('127.0.0.1:300')) throw new Error('deploy/nginx/aionvision.conf has a server line of another form')
      put('listen 80;', `listen 127.0.0.1:${plainPort};`)
      put('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      put('/etc/ssl/aionvision', directory)
      put('include aionvision-proxy.conf', `include ${join(repository, 'deploy/nginx/proxy.conf')}`)
      const own = ['client_body_temp', 'proxy_temp', 'fastcgi_temp', 'uwsgi_temp', 'scgi_temp']
      const main = [
        `pid ${directory}/nginx.pid;`,
        `error_log ${directory}/error.log;`,
        'events {}',
        'http {',
        'access_log off;',
        ...own.map((name) => `${name}_path ${directory}/${name};`),
        site,
        '}',
      ]
      const file = join(directory, 'nginx.conf')
      writeFileSync(file, main.join('\n'))
      execFileSync('nginx', ['-t', '-q', '-e', `${directory}/error.log`, '-c', file])
      const child = spawn('nginx', ['-e', `${directory}/error.log`, '-c', file, '-g', 'daemon off;'], { stdio: 'inherit' })
      const ended = once(child, 'exit')
      for (let attempt = 0; attempt < 200 && !(await answersAt(port)); attempt++) await sleep(20)
      return {
        url,
        plainUrl: `http://127.0.0.1:${plainPort}`,
        errors: () => readFileSync(join(directory, 'error.log'), 'utf8'),
        async stop() {
          child.kill('SIGTERM')
          await ended
        },
      }
    },
  }
}
