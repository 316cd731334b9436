// What was used, against what the plan allows.
import type { Transport } from '../transport.ts'
import type { Answer, Plan, Query } from '../types.ts'

const path = '/api/v2/usage'

export class Usage {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  summary(query: Query<'/api/v2/usage/summary', 'get'> = {}): Promise<Answer<'/api/v2/usage/summary', 'get'>> {
    return this.#transport.json('GET', `${path}/summary`, { query: query as Record<string, string> })
  }

  byPeriod(query: Query<'/api/v2/usage/by-period', 'get'> = {}): Promise<Answer<'/api/v2/usage/by-period', 'get'>> {
    return this.#transport.json('GET', `${path}/by-period`, { query: query as Record<string, string> })
  }

  plan(query: Query<'/api/v2/usage/plan', 'get'> = {}): Promise<Answer<'/api/v2/usage/plan', 'get'>> {
    return this.#transport.json('GET', `${path}/plan`, { query: query as Record<string, string> })
  }

  topEndpoints(query: Query<'/api/v2/usage/top-endpoints', 'get'> = {}): Promise<Answer<'/api/v2/usage/top-endpoints', 'get'>> {
    return this.#transport.json('GET', `${path}/top-endpoints`, { query: query as Record<string, string> })
  }

  breakdown(): Promise<Answer<'/api/v2/usage/breakdown', 'get'>> {
    return this.#transport.json('GET', `${path}/breakdown`)
  }
}

export class Plans {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async *list(): AsyncGenerator<Plan> {
    yield* (await this.#transport.json<Answer<'/api/v2/plans', 'get'>>('GET', '/api/v2/plans')).plans
  }
}
