// The one way to data: the SDK with the browser's cookie, in the workspace that was chosen.
import { Aionvision } from '@aionvision/sdk'
import { createContext, useContext } from 'react'

/** `onSignedOut`: the session has ended elsewhere. No caller hears of it, so what is on the screen stays as it is while the page leaves. */
export function createApi(tenantId: string | null, onSignedOut?: () => void): Aionvision {
  return new Aionvision({
    session: 'cookie',
    baseUrl: location.origin,
    tenantId: tenantId ?? undefined,
    maxRetries: 2,
    ...(onSignedOut && { fetch: fetchUntilSignedOut(onSignedOut) }),
  })
}

function fetchUntilSignedOut(onSignedOut: () => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 401) return response
    const { error } = (await response
      .clone()
      .json()
      .catch(() => ({}))) as { error?: { code?: string } }
    if (error?.code !== 'INVALID_SESSION' && error?.code !== 'MISSING_CREDENTIALS') return response
    // A session that swapped its secret meanwhile has not ended: what was under way goes again with the new one.
    if ((await fetch('/api/v2/auth/session/me')).ok) return fetch(input, init)
    onSignedOut()
    return new Promise(() => {})
  }
}

export const ApiContext = createContext<Aionvision | null>(null)

export function useApi(): Aionvision {
  const api = useContext(ApiContext)
  if (!api) throw new Error('There is no ApiContext around this.')
  return api
}
