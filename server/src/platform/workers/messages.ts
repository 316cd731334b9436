// What a primary and its workers say to each other. Messages arrive in the order in which they were sent.
import type { Change } from '../changes.ts'

/** Answers stand in the order of their questions. */
export type ToPrimary = {
  ask?: unknown[]
  change?: Change
  id?: number
  heard?: number
  ready?: true
  took?: true
  leaving?: true
  alive?: true
}
/** `taken`: comes with a connection. `shut`: none comes after it. `alive`: to be said back. */
export type ToWorker = {
  answers?: unknown[]
  change?: Change
  id?: number
  heard?: number
  url?: string
  taken?: true
  shut?: true
  alive?: true
}
