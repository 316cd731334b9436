// The plans of this server, as its API tells them to anybody.
import { type Plan, Requester } from '@aionvision/sdk'
import { useEffect, useState } from 'react'

export interface AskedPlans {
  readonly plans: readonly Plan[] | null
  readonly error: unknown
  readonly retry: () => void
}

export function usePlans(): AskedPlans {
  const [attempt, setAttempt] = useState(0)
  const [asked, setAsked] = useState<Omit<AskedPlans, 'retry'>>({ plans: null, error: null })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a further attempt asks again
  useEffect(() => {
    new Requester({ session: 'cookie', baseUrl: location.origin }).request('GET', '/api/v2/plans').then(
      ({ plans }) => setAsked({ plans: plans as readonly Plan[], error: null }),
      (error) => setAsked({ plans: null, error }),
    )
  }, [attempt])
  return { ...asked, retry: () => setAttempt(attempt + 1) }
}
