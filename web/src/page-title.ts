import { useEffect } from 'react'
import { common } from './strings/common.ts'

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${common.product}`
  }, [title])
}
