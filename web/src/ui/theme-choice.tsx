// Light, dark, or as the system has it.
import { useEffect } from 'react'
import { useRemembered } from '../remembered.ts'
import { common } from '../strings/common.ts'

export function ThemeChoice() {
  const [theme, setTheme] = useRemembered('theme', 'system')
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }, [theme])
  return (
    <select
      aria-label={common.theme.label}
      value={theme}
      onChange={(event) => setTheme(event.target.value)}
      className="rounded-control border border-edge bg-raised px-2 py-1 text-[0.8125rem] text-ink"
    >
      <option value="system">{common.theme.system}</option>
      <option value="light">{common.theme.light}</option>
      <option value="dark">{common.theme.dark}</option>
    </select>
  )
}
