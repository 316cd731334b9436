// Standard error for the log, written without waiting. Whoever reads it may be slow or gone: neither may hold a server, or its end.
import sonicBoom, { type SonicBoom, type SonicBoomOpts } from 'sonic-boom'

/** CommonJS: Node does not find the name under which its types tell of it. */
const Output = sonicBoom as unknown as new (options: SonicBoomOpts) => SonicBoom

/** While nobody reads; beyond it lines are dropped. */
const waitingBytesMax = 16 * 2 ** 20
/** At the end, a tenth of a second each. */
const lastTries = 10

export function openLogOutput(): SonicBoom {
  let last = false
  let tries = 0
  const output = new Output({
    fd: process.stderr.fd,
    sync: false,
    maxLength: waitingBytesMax,
    retryEAGAIN: () => !last || ++tries < lastTries,
  })
  output.on('error', ({ code }: NodeJS.ErrnoException) => {
    // Nobody reads any more: what would be kept for them would only grow. A disk that is full is tried again with the next line.
    if (code === 'EPIPE') output.write = () => true
  })
  process.on('exit', () => {
    last = true
    try {
      output.flushSync()
    } catch {
      // Nobody has read it.
    }
  })
  return output
}
