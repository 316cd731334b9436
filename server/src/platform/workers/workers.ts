// In the primary, which answers no HTTP: it begins the workers, answers what they ask, hands word on between them, and replaces one that dies.
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Change } from '../changes.ts'
import { StartupError } from '../startup-error.ts'
import { createDoor } from './door.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

export interface Workers {
  readonly url: string
  /** Drains them all. */
  stop(): Promise<void>
  /** They give balancers no time to notice. */
  hurry(): void
}

/** A worker that does not take a change for so long is hung: it is ended, because its siblings wait for it. */
const hungMs = 5_000
/** So is one that lets so many of these pass without a word: looks and not time, so that a machine that slept blames nobody. */
const lookMs = 1_000
const looksMax = 10
/** One that dies young is not begun again at once. */
const youngMs = 5_000
/** Between two processes that are sent the same signal. */
const signalMs = 100
/** To drain, beyond the delay. */
const drainMsMax = 40_000

interface Options {
  readonly count: number
  readonly env: Record<string, string>
  readonly host: string
  readonly port: number
  readonly shutdownDelayMs: number
  readonly answer: (question: unknown) => unknown
  readonly log: Logger
}

export async function startWorkers({ count, env, host, port, shutdownDelayMs, answer, log }: Options): Promise<Workers> {
  const serving = new Set<Worker>()
  const door = createDoor(host, port)
  const hurried = new AbortController()
  /** By number: who has yet to take a change, and whom to tell then. */
  const untaken = new Map<number, { readonly missing: Set<Worker>; readonly taken: () => void }>()
  let stopping = false
  let last = 0

  /** One that cannot be told is about to end. */
  const tell = (worker: Worker, message: ToWorker) => worker.isConnected() && worker.send(message, () => {})

  /** It comes after the last connection. */
  function shut(worker: Worker): void {
    door.remove(worker)
    tell(worker, { shut: true })
  }

  function spread(from: Worker, change: Change, id: number): void {
    const missing = new Set([...serving].filter((worker) => worker !== from))
    if (missing.size === 0) return void tell(from, { heard: id })
    const number = ++last
    const hung = setTimeout(() => {
      for (const worker of missing) worker.process.kill('SIGKILL')
    }, hungMs)
    const taken = () => {
      clearTimeout(hung)
      untaken.delete(number)
      tell(from, { heard: id })
    }
    untaken.set(number, { missing, taken })
    for (const worker of missing) tell(worker, { change, id: number })
  }

  function take(worker: Worker, number: number): void {
    const entry = untaken.get(number)
    if (entry?.missing.delete(worker) && entry.missing.size === 0) entry.taken()
  }

  function begin(): Promise<string> {
    const bornAt = performance.now()
    const worker = cluster.fork(env)
    let unanswered = 0
    let watch: NodeJS.Timeout | undefined
    const look = () => {
      if (++unanswered > looksMax) worker.process.kill('SIGKILL')
      else tell(worker, { alive: true })
    }
    return new Promise((resolve, reject) => {
      worker.on('message', ({ ask, change, id = 0, heard, ready, took, leaving, alive }: ToPrimary) => {
        if (alive) unanswered = 0
        if (ask) tell(worker, { answers: ask.map(answer) })
        if (change) spread(worker, change, id)
        if (heard !== undefined) take(worker, heard)
        if (took) door.taken(worker)
        if (ready)
          door.open().then((url) => {
            serving.add(worker)
            watch = setInterval(look, lookMs)
            tell(worker, { url })
            door.add(worker)
            resolve(url)
          }, reject)
        // When all stop, connections are taken until the door is closed; a signal to all may have reached this process last.
        if (leaving) setTimeout(() => !stopping && shut(worker), signalMs)
      })
      worker.on('error', (error) => log.warn({ err: error.message }, 'a worker cannot be reached'))
      worker.on('disconnect', () => door.remove(worker))
      worker.on('exit', (code, signal) => {
        clearInterval(watch)
        const served = serving.delete(worker)
        for (const number of [...untaken.keys()]) take(worker, number)
        // One that ended by itself has said why, on its own stderr.
        reject(
          signal
            ? new StartupError(`A worker was ended by ${signal} before it was ready: start again.`)
            : new WorkerEndedError(code),
        )
        if (stopping || !served) return
        log.warn({ code, signal }, 'a worker ended: another takes its place')
        replace(performance.now() - bornAt < youngMs ? youngMs : 0)
      })
    })
  }

  const living = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

  function replace(pauseMs: number): void {
    setTimeout(() => {
      if (!stopping) begin().catch(() => replace(youngMs))
    }, pauseMs).unref()
  }

  function hurry(): void {
    hurried.abort()
    for (const worker of living()) worker.process.kill('SIGINT')
  }

  async function stop(): Promise<void> {
    stopping = true
    const ended = living().map(
      (worker) =>
        new Promise<void>((resolve) => {
          const late = setTimeout(() => worker.process.kill('SIGKILL'), shutdownDelayMs + drainMsMax)
          worker.on('exit', () => {
            clearTimeout(late)
            resolve()
          })
          worker.process.kill('SIGTERM')
        }),
    )
    await sleep(shutdownDelayMs, null, { signal: hurried.signal }).catch(() => {})
    await door.close()
    for (const worker of living()) shut(worker)
    await Promise.all(ended)
  }

  try {
    // The first alone: what is wrong with the settings is said once.
    const url = await begin()
    await Promise.all(Array.from({ length: count - 1 }, begin))
    return { url, stop, hurry }
  } catch (error) {
    hurried.abort()
    await stop()
    throw error
  }
}

export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError'
  constructor(readonly exitCode: number) {
    super('a worker did not start')
  }
}
