// A network of this test's own: each part in a network namespace, all of them behind one router that can cut any two off from each other.
import { execFileSync } from 'node:child_process'
import type { Place } from './place.ts'

/** `lost`: packets vanish and nobody is told, as with a pulled cable. `refused`: the sender is told at once that there is no way. */
export type Cut = 'lost' | 'refused'

export interface Network<Name extends string> {
  readonly places: Readonly<Record<Name, Place>>
  /** Both ways. */
  cut(one: Name, other: Name, how: Cut): void
  /** The cable of one part, which cuts it off from all others. */
  unplug(name: Name): void
  /** Everything is as it was. */
  mend(): void
  remove(): void
}

const ruleOf: Readonly<Record<Cut, string>> = { lost: 'blackhole', refused: 'unreachable' }

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })

/** Null where namespaces cannot be had (they need root and iproute2); it says so. */
export function layNetwork<Name extends string>(names: readonly Name[]): Network<Name> | null {
  const router = `aion-${process.pid}`
  const namespaceOf = (name: Name) => `${router}-${name}`
  // The range for tests between networks (RFC 2544), so that it hides nothing of this machine's.
  const prefix = `198.18.${process.pid % 256}`
  const gateway = (index: number) => `${prefix}.${4 * index + 1}`
  const addressOf = (index: number) => `${prefix}.${4 * index + 2}`
  const remove = () => {
    for (const namespace of [router, ...names.map(namespaceOf)])
      try {
        ip('netns', 'del', namespace)
      } catch {
        // It was never made.
      }
  }
  const connect = (index: number, wire: string, inside: readonly string[], far: readonly string[]) => {
    ip('link', 'add', 'name', wire, ...far, 'type', 'veth', 'peer', 'name', `to${index}`, 'netns', router)
    ip('-n', router, 'addr', 'add', `${gateway(index)}/30`, 'dev', `to${index}`)
    ip('-n', router, 'link', 'set', 'dev', `to${index}`, 'up')
    ip(...inside, 'addr', 'add', `${addressOf(index)}/30`, 'dev', wire)
    ip(...inside, 'link', 'set', 'dev', wire, 'up')
  }
  try {
    ip('netns', 'add', router)
    execFileSync('ip', ['netns', 'exec', router, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'], { stdio: 'pipe' })
    for (const [index, name] of names.entries()) {
      const namespace = namespaceOf(name)
      ip('netns', 'add', namespace)
      ip('-n', namespace, 'link', 'set', 'dev', 'lo', 'up')
      connect(index, 'wire', ['-n', namespace], ['netns', namespace])
      ip('-n', namespace, 'route', 'add', 'default', 'via', gateway(index))
    }
    // This test itself is a client outside.
    connect(names.length, router, [], [])
    ip('route', 'add', `${prefix}.0/24`, 'via', gateway(names.length))
  } catch (error) {
    remove()
    console.log(`No network namespaces can be had here (they need root and iproute2): ${String(error).trim()}`)
    return null
  }
  const places = {} as Record<Name, Place>
  for (const [index, name] of names.entries())
    places[name] = { command: ['ip', 'netns', 'exec', namespaceOf(name)], host: addressOf(index) }
  const undo: (() => void)[] = []
  return {
    places,
    cut(one, other, how) {
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        const rule = ['from', places[from].host, 'to', places[to].host, ruleOf[how]]
        ip('-n', router, 'rule', 'add', ...rule)
        undo.push(() => ip('-n', router, 'rule', 'del', ...rule))
      }
    },
    unplug(name) {
      // The router's end: what stands in the part's own tables outlasts it.
      const end = ['dev', `to${names.indexOf(name)}`]
      ip('-n', router, 'link', 'set', ...end, 'down')
      undo.push(() => ip('-n', router, 'link', 'set', ...end, 'up'))
    },
    mend() {
      for (const step of undo.splice(0)) step()
    },
    remove,
  }
}
