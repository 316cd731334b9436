// What is kept in memory about somebody, the least used going first, until a change to any of those it hangs on ends it.
import { LRUCache } from 'lru-cache'

export class SubjectCache<Value extends object> {
  private readonly values: LRUCache<string, Value>
  /** Names by the ids they hang on; most ids have one name. */
  private readonly names = new Map<string, string | Set<string>>()

  /** `idsOf` answers the same for a value for as long as it is kept. */
  constructor(
    max: number,
    private readonly idsOf: (value: Value) => readonly string[],
  ) {
    this.values = new LRUCache<string, Value>({ max, dispose: (value, name) => this.unlink(value, name) })
  }

  get size(): number {
    return this.values.size
  }

  get(name: string): Value | undefined {
    return this.values.get(name)
  }

  set(name: string, value: Value): void {
    this.values.set(name, value)
    for (const id of this.idsOf(value)) {
      const names = this.names.get(id)
      if (names === undefined) this.names.set(id, name)
      else if (typeof names !== 'string') names.add(name)
      else if (names !== name) this.names.set(id, new Set([names, name]))
    }
  }

  delete(name: string): void {
    this.values.delete(name)
  }

  /** Whatever hangs on `id`. */
  end(id: string): void {
    const names = this.names.get(id)
    if (names === undefined) return
    for (const name of typeof names === 'string' ? [names] : [...names]) this.values.delete(name)
  }

  clear(): void {
    this.values.clear()
  }

  private unlink(value: Value, name: string): void {
    for (const id of this.idsOf(value)) {
      const names = this.names.get(id)
      if (names === name) this.names.delete(id)
      else if (names instanceof Set && names.delete(name) && names.size === 0) this.names.delete(id)
    }
  }
}
