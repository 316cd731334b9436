// What a reader chose, kept for the next visit: themes, languages, the workspace. Never a secret.
import { useCallback, useSyncExternalStore } from 'react'

const changed = 'aion:remembered'
const keyOf = (name: string) => `aion.${name}`

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(keyOf(name))
  } catch {
    return null
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(keyOf(name))
    else localStorage.setItem(keyOf(name), value)
  } catch {
    // Private windows may refuse; it is forgotten then.
  }
  window.dispatchEvent(new Event(changed))
}

function subscribe(notify: () => void): () => void {
  window.addEventListener(changed, notify)
  window.addEventListener('storage', notify)
  return () => {
    window.removeEventListener(changed, notify)
    window.removeEventListener('storage', notify)
  }
}

export function useRemembered(name: string, standard: string): readonly [string, (value: string) => void] {
  const value = useSyncExternalStore(subscribe, () => recall(name) ?? standard)
  return [value, useCallback((next: string) => remember(name, next), [name])]
}
