// Looks at what a link leads to, once, without using it up.
import { useEffect, useRef, useState } from 'react'
import { isRefusal, sentenceFor } from './auth-api.ts'

export interface Looked<Found> {
  readonly found: Found | null
  /** Used, withdrawn or too old. */
  readonly gone: boolean
  readonly fault: string | null
}

export function useLooked<Found>(token: string, look: (query: { token: string }) => Promise<Found>): Looked<Found> {
  const [looked, setLooked] = useState<Looked<Found>>({ found: null, gone: false, fault: null })
  const newest = useRef(look)
  newest.current = look
  useEffect(() => {
    if (token === '') return
    let left = false
    const settle = (to: Partial<Looked<Found>>) => left || setLooked({ found: null, gone: false, fault: null, ...to })
    newest.current({ token }).then(
      (found) => settle({ found }),
      (error) => settle(isRefusal(error, 'TOKEN_EXPIRED', 'VALIDATION_ERROR') ? { gone: true } : { fault: sentenceFor(error) }),
    )
    return () => {
      left = true
    }
  }, [token])
  return looked
}
