// Opens a page in the person's own browser, if there is one.
import { spawn } from 'node:child_process'

type Env = Readonly<Record<string, string | undefined>>

/** Null where no page can be opened: no desktop, or a shell on another machine. */
function opener(env: Env): string | null {
  if (env.BROWSER) return env.BROWSER
  if (env.SSH_CONNECTION) return null
  if (process.platform === 'darwin') return 'open'
  return env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : null
}

/** False when nothing was started. */
export function openBrowser(url: string, env: Env): Promise<boolean> {
  const program = opener(env)
  if (!program) return Promise.resolve(false)
  return new Promise((resolve) => {
    // An argument of its own and no shell: nothing in the address is read as a command.
    const child = spawn(program, [url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
