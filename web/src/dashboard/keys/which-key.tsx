// Names of keys may be the same; their prefixes are not.
import type { ApiKey } from '@aionvision/sdk'
import type { ReactNode } from 'react'

export function WhichKey({ apiKey, children }: { readonly apiKey: ApiKey; readonly children?: ReactNode }) {
  return (
    <>
      <code className="block text-ink">{apiKey.key_prefix}…</code>
      {children}
    </>
  )
}
