// The newest requests of one tenant since the last write: a ring that grows with what comes, to 10,000 and no further.

/** What `GET /api/v2/usage/details` can show of a tenant. */
export const newestMax = 10_000

export class Newest {
  private keyIds: string[] = []
  private routes: string[] = []
  private codes: (string | null)[] = []
  private at = new Float64Array(16)
  private milliseconds = new Float64Array(16)
  private statuses = new Uint16Array(16)
  private added = 0

  get size(): number {
    return Math.min(this.added, newestMax)
  }

  add(keyId: string, route: string, at: number, status: number, milliseconds: number, code: string | null): void {
    let place = this.added++
    if (place >= newestMax) place %= newestMax
    else if (place === this.at.length) this.grow()
    this.keyIds[place] = keyId
    this.routes[place] = route
    this.codes[place] = code
    this.at[place] = at
    this.milliseconds[place] = milliseconds
    this.statuses[place] = status
  }

  /** Oldest first. */
  forEach(
    visit: (keyId: string, route: string, at: number, status: number, milliseconds: number, code: string | null) => void,
  ): void {
    for (let index = this.added - this.size; index < this.added; index++) {
      const place = index % newestMax
      visit(
        this.keyIds[place] as string,
        this.routes[place] as string,
        this.at[place] as number,
        this.statuses[place] as number,
        this.milliseconds[place] as number,
        this.codes[place] as string | null,
      )
    }
  }

  private grow(): void {
    const length = Math.min(newestMax, this.at.length * 4)
    const [at, milliseconds, statuses] = [this.at, this.milliseconds, this.statuses]
    this.at = new Float64Array(length)
    this.at.set(at)
    this.milliseconds = new Float64Array(length)
    this.milliseconds.set(milliseconds)
    this.statuses = new Uint16Array(length)
    this.statuses.set(statuses)
  }
}
