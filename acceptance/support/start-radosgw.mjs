// An S3 store that enforces what S3 enforces, for tests: Ceph's object gateway on this machine, in memory, with a bucket and two users.
// With the CORS rule of docs/guide/self-hosting.md on the bucket.
// `node acceptance/support/start-radosgw.mjs` installs it when it is missing, starts it unless it runs, and prints the environment of the tests.
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { AwsClient } from 'aws4fetch'

const dir = process.env.AION_TEST_RADOSGW_DIR || join(tmpdir(), `aion-radosgw-${userInfo().uid}`)
const stateFile = join(dir, 'state.json')
const conf = join(dir, 'ceph.conf')
const programs = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool']
/** The host that bucket names stand in front of in virtual-host style; nothing resolves it, tests send it as Host. */
const domain = 's3.example.test'
const waitMs = 90_000
const bucket = 'aion-test'

const log = (line) => process.stderr.write(`${line}\n`)
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const ceph = (...args) => run('ceph', '-c', conf, '--connect-timeout', '20', ...args)

function install() {
  const missing = programs.filter((program) => {
    try {
      return run('sh', '-c', `command -v ${program}`) === ''
    } catch {
      return true
    }
  })
  if (missing.length === 0) return
  log(`installing Ceph's object gateway (${missing.join(', ')} missing)`)
  execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2] })
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common'], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function answers(endpoint) {
  const answer = await fetch(endpoint, { signal: AbortSignal.timeout(3_000) }).catch(() => null)
  return answer?.status === 200
}

async function until(done) {
  for (const deadline = Date.now() + waitMs; ; await new Promise((resolve) => setTimeout(resolve, 250))) {
    if (await done()) return
    if (Date.now() > deadline) throw new Error(`Ceph's gateway did not come up: see ${dir}/*.log`)
  }
}

/** Outlives this script; `kill $(cat DIR/*.pid)` ends it. */
function daemon(name, program, ...args) {
  const out = openSync(join(dir, `${name}.log`), 'a')
  const child = spawn(program, ['-c', conf, '-f', ...args], { detached: true, stdio: ['ignore', out, out] })
  writeFileSync(join(dir, `${name}.pid`), String(child.pid))
  child.unref()
}

async function start() {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(join(dir, 'osd'), { recursive: true, mode: 0o700 })
  const fsid = randomUUID()
  const monitor = `[v2:127.0.0.1:${await freePort()}/0]`
  const port = await freePort()
  writeFileSync(
    conf,
    `[global]
fsid = ${fsid}
mon_host = ${monitor}
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
osd_heartbeat_addr = 127.0.0.1
# The gateway's own default, secure, needs cephx.
ms_mon_client_mode = crc
run_dir = ${dir}
admin_socket = ${dir}/$name.$pid.asok
log_file = ${dir}/$name.ceph.log
mon_data = ${dir}/mon
mon_allow_pool_size_one = true
mon_data_avail_crit = 1
mon_data_avail_warn = 1
mon_max_pg_per_osd = 1000
osd_data = ${dir}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_crush_chooseleaf_type = 0
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${port}
rgw_dns_name = ${domain}
rgw_enable_usage_log = false
rgw_run_sync_thread = false
rgw_gc_processor_period = 60
`,
  )
  run('monmaptool', '--create', '--clobber', '--fsid', fsid, '--addv', 'a', monitor.replace('/0', ''), join(dir, 'monmap'))
  run('ceph-mon', '-c', conf, '--mkfs', '-i', 'a', '--monmap', join(dir, 'monmap'))
  daemon('mon', 'ceph-mon', '-i', 'a')
  const osd = randomUUID()
  ceph('osd', 'new', osd)
  run('ceph-osd', '-c', conf, '-i', '0', '--mkfs', '--osd-uuid', osd)
  daemon('osd', 'ceph-osd', '-i', '0')
  await until(() => /"num_up_osds":\s*1/.test(ceph('osd', 'stat', '-f', 'json')))
  daemon('rgw', 'radosgw', '-n', 'client.rgw')
  const endpoint = `http://127.0.0.1:${port}`
  await until(() => answers(endpoint))
  const users = {}
  for (const name of ['server', 'tenant']) {
    const made = JSON.parse(run('radosgw-admin', '-c', conf, 'user', 'create', '--uid', name, '--display-name', name))
    const { access_key: accessKeyId, secret_key: secretAccessKey } = made.keys[0]
    users[name] = { accessKeyId, secretAccessKey }
  }
  await makeBucket(endpoint, users.server)
  writeFileSync(stateFile, JSON.stringify({ endpoint, domain, users }), { mode: 0o600 })
}

async function makeBucket(endpoint, keys) {
  const client = new AwsClient({ ...keys, service: 's3', region: 'us-east-1' })
  const rule =
    '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader><ExposeHeader>etag</ExposeHeader><MaxAgeSeconds>3600</MaxAgeSeconds></CORSRule></CORSConfiguration>'
  const md5 = createHash('md5').update(rule).digest('base64')
  for (const [path, init] of [
    [bucket, {}],
    [`${bucket}?cors`, { headers: { 'content-md5': md5 }, body: rule }],
  ]) {
    const answer = await client.fetch(`${endpoint}/${path}`, { method: 'PUT', ...init })
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`)
  }
}

const known = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, 'utf8')) : null
if (!known || !(await answers(known.endpoint))) {
  const begun = Date.now()
  install()
  await start()
  log(`Ceph's gateway is up after ${Math.round((Date.now() - begun) / 1000)} s`)
}
const { endpoint, users } = JSON.parse(readFileSync(stateFile, 'utf8'))
console.log(`AION_TEST_S3_ENDPOINT=${endpoint}
AION_TEST_S3_DOMAIN=${domain}
AION_TEST_S3_BUCKET=${bucket}
AION_TEST_S3_ACCESS_KEY_ID=${users.server.accessKeyId}
AION_TEST_S3_SECRET_ACCESS_KEY=${users.server.secretAccessKey}
AION_TEST_S3_TENANT_ACCESS_KEY_ID=${users.tenant.accessKeyId}
AION_TEST_S3_TENANT_SECRET_ACCESS_KEY=${users.tenant.secretAccessKey}`)
