// The exact limit, decided purely: the instants of the last admissions, so that no rolling window ever holds one more than N.

/** A ring of instants in milliseconds that grows as it fills: at most 8 bytes for each request the limit allows. */
export class SlidingLog {
  private ring: Float64Array
  private head = 0
  private size = 0

  constructor(instants: readonly number[] = []) {
    this.ring = Float64Array.from(instants.length ? instants : new Float64Array(1))
    this.size = instants.length
  }

  /** Forgets what has left the window that ends now: an instant leaves it exactly `windowMs` after its admission. */
  expire(now: number, windowMs: number): void {
    while (this.size > 0 && now - this.at(0) >= windowMs) {
      this.head = this.head + 1 === this.ring.length ? 0 : this.head + 1
      this.size--
    }
  }

  /** Milliseconds until one more is admitted under `limit`; 0 = now. Call `expire` first. */
  wait(now: number, windowMs: number, limit: number): number {
    // In the same terms as expire: what it has not forgotten has to be waited for, down to the last bit of a fraction.
    return this.size < limit ? 0 : windowMs - (now - this.at(this.size - limit))
  }

  remaining(limit: number): number {
    return this.size < limit ? limit - this.size : 0
  }

  get count(): number {
    return this.size
  }

  admit(now: number, limit: number): void {
    if (this.size === this.ring.length || this.ring.length > limit) this.resize(limit)
    const end = this.head + this.size
    this.ring[end < this.ring.length ? end : end - this.ring.length] = now
    this.size++
  }

  instants(): number[] {
    return Array.from({ length: this.size }, (_, index) => this.at(index))
  }

  private at(index: number): number {
    const place = this.head + index
    return this.ring[place < this.ring.length ? place : place - this.ring.length] ?? 0
  }

  /** Doubles, but never beyond what the limit can fill; a limit that was lowered gives back what it no longer can. */
  private resize(limit: number): void {
    const ring = new Float64Array(Math.max(this.size + 1, Math.min(this.size * 2, limit)))
    for (let index = 0; index < this.size; index++) ring[index] = this.at(index)
    this.ring = ring
    this.head = 0
  }
}
