// In a worker: what it asks its primary, and what it tells its siblings before it answers.
import type { Socket } from 'node:net'
import type { Change } from '../changes.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

/** A worker's way to its primary and, through it, to its siblings. */
export interface Siblings {
  /** One message is on its way at a time: what is asked meanwhile travels together with the next. Resolves to what `read` makes of the answer. */
  ask<Answer>(question: unknown, read: (answer: unknown) => Answer): Promise<Answer>
  /** Resolves when every sibling has taken the change. */
  send(change: Change): Promise<void>
  hear(listener: (change: Change) => void): void
  /** From here on connections come, and siblings wait for this worker before they answer. Answers where the primary listens. */
  serve(take: (socket: Socket) => void): Promise<string>
  /** Asks for no more of them; resolves when the last has come. */
  readonly shut: () => Promise<void>
}

/** Before questions are sent, though more keep coming. */
const gatherMs = 1

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

  process.on('message', ({ answers, change, id, heard, url, taken, shut, alive }: ToWorker, socket?: Socket) => {
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
    if (alive) tell({ alive })
  })
  return {
    ask(question, read) {
      if (questions.push(question) === 1) {
        firstAt = performance.now()
        if (waiting.length === 0) setImmediate(gather)
      }
      return new Promise((resolve) => askers.push((answer) => resolve(read(answer))))
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
