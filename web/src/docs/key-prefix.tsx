// For who is signed in: the prefix of their newest key in place of $KEY. The key itself is known to nobody any more.
import { useCallback, useState } from 'react'
import { createApi } from '../api.ts'
import { cameSignedIn } from '../arrival.ts'
import { recall, useRemembered } from '../remembered.ts'
import { docs } from '../strings/docs.ts'
import { Button } from '../ui/button.tsx'

const text = docs.prefix

export function useWithPrefix(): (code: string) => string {
  const [prefix] = useRemembered('key-prefix', '')
  return useCallback(
    (code) => (prefix && cameSignedIn() ? code.replaceAll(/\$\{?KEY\}?(?![A-Z_])/g, `${prefix}…`) : code),
    [prefix],
  )
}

export function KeyPrefixChoice() {
  const [prefix, setPrefix] = useRemembered('key-prefix', '')
  const [none, setNone] = useState(false)
  if (!cameSignedIn()) return null
  const use = async () => {
    const { api_keys } = await createApi(recall('workspace')).request('GET', '/api/v2/api-keys', { query: { limit: 1 } })
    const [newest] = api_keys
    setNone(!newest)
    if (newest) setPrefix(newest.key_prefix)
  }
  return (
    <div className="mb-4 flex flex-wrap items-center justify-end gap-3 text-[0.8125rem] text-muted">
      <span role="status">{prefix ? text.using(prefix) : none ? text.none : ''}</span>
      <Button size="small" onClick={() => (prefix ? setPrefix('') : void use())}>
        {prefix ? text.stop : text.use}
      </Button>
    </div>
  )
}
