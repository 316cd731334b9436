// Several processes on one port that decide as one: what they ask their primary, and what they tell each other before they answer.
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Change } from './changes.ts'
import { originOf, stopListening } from './listening.ts'

/** A worker's way to its primary and, through it, to its siblings. */
export interface Siblings {
  /** One message is on its way at a time: what is asked meanwhile travels together with the next. */
  ask(question: unknown): Promise<unknown>
  /** Resolves when every sibling has taken the change. */
  send(change: Change): Promise<void>
  hear(listener: (change: Change) => void): void
  /** From here on connections come, and siblings wait for this worker before they answer. Answers where the primary listens. */
  serve(take: (socket: Socket) => void): Promise<string>
  /** Asks for no more of them; resolves when the last has come. */
  readonly shut: () => Promise<void>
}

export interface Workers {
  readonly url: string
  /** Drains them all. */
  stop(): Promise<void>
  /** They give balancers no time to notice. */
  hurry(): void
}

/** Answers stand in the order of their questions. */
type ToPrimary = { ask?: unknown[]; change?: Change; id?: number; heard?: number; ready?: true; took?: true; leaving?: true }
/** `taken`: comes with a connection. `shut`: none comes after it. */
type ToWorker = { answers?: unknown[]; change?: Change; id?: number; heard?: number; url?: string; taken?: true; shut?: true }

/** A worker that does not take a change for so long is hung: it is ended, because its siblings wait for it. */
const hungMs = 5_000
/** One that dies young is not begun again at once. */
const youngMs = 5_000
/** Before questions are sent, though more keep coming. */
const gatherMs = 1
/** One that has not taken a connection in so long has lost it, and would get no other. */
const deafMs = 30_000
/** Between two processes that are sent the same signal. */
const signalMs = 100
/** For the connections that are held when the port is closed. */
const takeMsMax = 1_000
/** To drain, beyond the delay. */
const drainMsMax = 40_000

export function connectSiblings(): Siblings {
  const tell = (message: ToPrimary) => process.send?.(message)
  const sent = new Map<number, () => void>()
  let listener: (change: Change) => void = () => {}
  let takeConnection: (socket: Socket) => void = () => {}
  let served: (url: string) => void = () => {}
  let questions: unknown[] = []
  let askers: ((answer: unknown) => void)[] = []
  /** Of the message on its way. */
  let waiting: ((answer: unknown) => void)[] = []
  let firstAt = 0
  let gathered = 0
  let last = 0
  let noMore = () => {}
  /** The primary may say so before it is asked. */
  const lastTaken = new Promise<void>((resolve) => {
    noMore = resolve
  })

  /** As long as each turn of the event loop brings more questions: what is dear is to wake the other process, not what it is told. */
  function gather(): void {
    if (questions.length > gathered && performance.now() - firstAt < gatherMs) {
      gathered = questions.length
      return void setImmediate(gather)
    }
    waiting = askers
    tell({ ask: questions })
    questions = []
    askers = []
    gathered = 0
  }

  process.on('message', ({ answers, change, id, heard, url, taken, shut }: ToWorker, socket?: Socket) => {
    if (answers) {
      const answered = waiting
      waiting = []
      for (const [place, resolve] of answered.entries()) resolve(answers[place])
      if (questions.length > 0) gather()
    }
    if (heard !== undefined) {
      sent.get(heard)?.()
      sent.delete(heard)
    }
    if (change && id !== undefined) {
      listener(change)
      tell({ heard: id })
    }
    if (url !== undefined) served(url)
    if (taken) {
      tell({ took: true })
      // Without a socket: whoever it was has gone.
      if (socket) takeConnection(socket)
    }
    if (shut) noMore()
  })
  return {
    ask(question) {
      if (questions.push(question) === 1) {
        firstAt = performance.now()
        if (waiting.length === 0) setImmediate(gather)
      }
      return new Promise((resolve) => askers.push(resolve))
    },
    send(change) {
      const id = ++last
      return new Promise((resolve) => {
        sent.set(id, resolve)
        tell({ change, id })
      })
    },
    hear(hears) {
      listener = hears
    },
    serve(take) {
      takeConnection = take
      return new Promise((resolve) => {
        served = resolve
        tell({ ready: true })
      })
    },
    shut() {
      tell({ leaving: true })
      return lastTaken
    },
  }
}

interface Options {
  readonly count: number
  readonly env: Record<string, string>
  readonly host: string
  readonly port: number
  readonly shutdownDelayMs: number
  readonly answer: (question: unknown) => unknown
  readonly log: Logger
}

/**
 * In the primary, which answers no HTTP: begins them, hands them connections in turn, hands word on between them, and replaces one that
 * dies. `node:cluster` could hand out connections, too, but resets those that it holds when the last worker stops to take them.
 */
export async function startWorkers({ count, env, host, port, shutdownDelayMs, answer, log }: Options): Promise<Workers> {
  const serving = new Set<Worker>()
  /** Of them, who takes connections. */
  const takers = new Set<Worker>()
  /** Of them, who has taken the last one that it was given, the next one first: whoever is busy gets no more. */
  const free = new Set<Worker>()
  /** The others of them: ended unless they take it. */
  const taking = new Map<Worker, NodeJS.Timeout>()
  /** While nobody is free. */
  const held: Socket[] = []
  let accepted = 0
  const door = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    accepted++
    held.push(socket)
    handOver()
  })
  let opened: Promise<string> | undefined
  const hurried = new AbortController()
  /** By number: who has yet to take a change, and whom to tell then. */
  const untaken = new Map<number, { readonly missing: Set<Worker>; readonly taken: () => void }>()
  let stopping = false
  let last = 0

  /** One that cannot be told is about to end. */
  const tell = (worker: Worker, message: ToWorker) => worker.isConnected() && worker.send(message, () => {})

  async function open(): Promise<string> {
    await once(door.listen(port, host), 'listening')
    return originOf(host, door.address() as AddressInfo)
  }

  function handOver(): void {
    for (const worker of free) {
      if (!worker.isConnected()) continue
      const socket = held.shift()
      if (!socket) return
      free.delete(worker)
      const deaf = setTimeout(() => worker.process.kill('SIGKILL'), deafMs)
      taking.set(worker, deaf)
      worker.send({ taken: true } satisfies ToWorker, socket, (error) => error && socket.destroy())
    }
  }

  function welcome(worker: Worker, url: string): void {
    serving.add(worker)
    takers.add(worker)
    free.add(worker)
    tell(worker, { url })
    handOver()
  }

  function giveNoMore(worker: Worker): void {
    takers.delete(worker)
    free.delete(worker)
  }

  /** Messages arrive in the order in which they were sent: it comes after the last connection. */
  function shut(worker: Worker): void {
    giveNoMore(worker)
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
    return new Promise((resolve, reject) => {
      worker.on('message', ({ ask, change, id = 0, heard, ready, took, leaving }: ToPrimary) => {
        if (ask) tell(worker, { answers: ask.map(answer) })
        if (change) spread(worker, change, id)
        if (heard !== undefined) take(worker, heard)
        if (ready) {
          opened ??= open()
          opened.then((url) => {
            welcome(worker, url)
            resolve(url)
          }, reject)
        }
        if (took) clearTimeout(taking.get(worker))
        if (took && takers.has(worker)) {
          free.add(worker)
          handOver()
        }
        // When all stop, connections are taken until the door is closed; a signal to all may have reached this process last.
        if (leaving) setTimeout(() => !stopping && shut(worker), signalMs)
      })
      worker.on('error', (error) => log.warn({ err: error.message }, 'a worker cannot be reached'))
      worker.on('disconnect', () => giveNoMore(worker))
      worker.on('exit', (code, signal) => {
        clearTimeout(taking.get(worker))
        taking.delete(worker)
        const served = serving.delete(worker)
        giveNoMore(worker)
        for (const number of [...untaken.keys()]) take(worker, number)
        reject(new WorkerEndedError(code ?? 1))
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
    if (door.listening) {
      await sleep(shutdownDelayMs, null, { signal: hurried.signal }).catch(() => {})
      await stopListening(door, () => accepted)
      for (const until = performance.now() + takeMsMax; held.length > 0 && performance.now() < until; ) await sleep(5)
    }
    for (const worker of living()) shut(worker)
    for (const socket of held) socket.destroy()
    await Promise.all(ended)
  }

  try {
    // The first alone: what is wrong with the settings is said once.
    const url = await begin()
    await Promise.all(Array.from({ length: count - 1 }, begin))
    return { url, stop, hurry }
  } catch (error) {
    await stop()
    throw error
  }
}

/** It has said why, on its own stderr. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError'
  constructor(readonly exitCode: number) {
    super('a worker did not start')
  }
}
