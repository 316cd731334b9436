// Code that can be copied, in one language or in several behind tabs; the language chosen is remembered.
import { Tabs } from 'radix-ui'
import { useId } from 'react'
import { useRemembered } from '../remembered.ts'
import { CopyButton } from './copy-button.tsx'

export function CodeBlock({ code, label }: { readonly code: string; readonly label?: string }) {
  return (
    <div className="overflow-hidden rounded-card border border-line bg-sunken">
      <div className="flex items-center justify-between border-b border-line py-1.5 pr-1.5 pl-3 text-[0.8125rem] text-muted">
        <span>{label}</span>
        <CopyButton text={code} />
      </div>
      <Code code={code} label={label ?? 'Code'} />
    </div>
  )
}

function Code({ code, label }: { readonly code: string; readonly label: string }) {
  return (
    // It scrolls, so the keyboard must reach it.
    <pre tabIndex={0} aria-label={label} className="overflow-x-auto p-3.5 leading-relaxed">
      <code>{code}</code>
    </pre>
  )
}

export interface Sample {
  readonly language: string
  readonly code: string
}

export function CodeTabs({ samples }: { readonly samples: readonly Sample[] }) {
  const [remembered, setRemembered] = useRemembered('language', 'curl')
  const id = useId()
  const current = samples.find(({ language }) => language === remembered) ?? samples[0]
  if (!current) return null
  return (
    <Tabs.Root
      value={current.language}
      onValueChange={setRemembered}
      id={id}
      className="overflow-hidden rounded-card border border-line bg-sunken"
    >
      <div className="flex items-center justify-between border-b border-line pr-1.5">
        <Tabs.List className="flex overflow-x-auto">
          {samples.map(({ language }) => (
            <Tabs.Trigger
              key={language}
              value={language}
              className="border-b-2 border-transparent px-3 py-2.5 text-[0.8125rem] text-muted data-[state=active]:border-accent data-[state=active]:text-ink"
            >
              {language}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <CopyButton text={current.code} />
      </div>
      {samples.map(({ language, code }) => (
        <Tabs.Content key={language} value={language} tabIndex={-1}>
          <Code code={code} label={language} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  )
}
