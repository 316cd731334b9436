// How much the server's resident memory grows, at its peak, while one file of 100 MB is uploaded to it and confirmed.
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'

const mebibyte = 2 ** 20
/** A whole PNG of one pixel; what follows its end is no part of the picture. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

export async function uploadGrowth(server, key) {
  await upload(server.base, key, 8 * mebibyte)
  const before = memory(server.pid, 'VmRSS')
  // Makes the kernel forget the highest mark so far.
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5')
  await upload(server.base, key, 100 * mebibyte)
  return (memory(server.pid, 'VmHWM') - before) / mebibyte
}

function memory(pid, field) {
  const match = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (!match) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(match[1]) * 1024
}

async function upload(base, key, size) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const post = async (path, body) => {
    const answer = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
  const asked = { filename: 'large.png', content_type: 'image/png', size_bytes: size }
  const { upload_url: url, upload_headers: sent, object_key } = await post('/api/v2/uploads/request-presigned-url', asked)
  const status = await put(url, { ...sent, 'content-length': String(size) }, size)
  if (status !== 200) throw new Error(`PUT of ${size} bytes answered ${status}`)
  await post('/api/v2/uploads/confirm', { object_key, size_bytes: size })
}

function put(url, headers, size) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'PUT', headers }, (answer) =>
      answer.resume().on('end', () => resolve(answer.statusCode)),
    )
    outgoing.on('error', reject)
    const zeros = Buffer.alloc(256 * 1024)
    let left = size - png.length
    outgoing.write(png)
    const more = () => {
      while (left > 0) {
        const chunk = zeros.subarray(0, Math.min(left, zeros.length))
        left -= chunk.length
        if (!outgoing.write(chunk)) return void outgoing.once('drain', more)
      }
      outgoing.end()
    }
    more()
  })
}
