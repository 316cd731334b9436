// Settings: each section has an address of its own, beside a list of all of them.
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ComponentType, lazy, Suspense } from 'react'
import { usePageTitle } from '../../page-title.ts'
import { settings as text } from '../../strings/settings.ts'
import { controlClass } from '../../ui/field.tsx'
import { PageHeader, SkeletonRows } from '../../ui/surface.tsx'
import { groups, type Section, sectionOf } from './sections.ts'

/** Each is loaded when it is first opened: nobody needs the webhook's table to change their name. */
const contents: Readonly<Record<Section, ComponentType>> = {
  profile: lazy(async () => ({ default: (await import('./profile-section.tsx')).ProfileSection })),
  'sign-in': lazy(async () => ({ default: (await import('./sign-in-section.tsx')).SignInSection })),
  'second-factor': lazy(async () => ({ default: (await import('./second-factor-section.tsx')).SecondFactorSection })),
  sessions: lazy(async () => ({ default: (await import('./sessions-section.tsx')).SessionsSection })),
  workspace: lazy(async () => ({ default: (await import('./workspace-section.tsx')).WorkspaceSection })),
  policy: lazy(async () => ({ default: (await import('./policy-section.tsx')).PolicySection })),
  webhook: lazy(async () => ({ default: (await import('./webhook-section.tsx')).WebhookSection })),
  delete: lazy(async () => ({ default: (await import('./delete-account-section.tsx')).DeleteAccountSection })),
}

export function SettingsPage() {
  const section = sectionOf(useSearch({ strict: false }))
  usePageTitle(`${text.sections[section]} · ${text.title}`)
  const Content = contents[section]
  return (
    <>
      <PageHeader title={text.title} lead={text.leads[section]} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-[11rem_minmax(0,1fr)] lg:gap-10">
        <SectionList current={section} />
        <div className="grid min-w-0 max-w-3xl grid-cols-[minmax(0,1fr)] content-start gap-5">
          <Suspense key={section} fallback={<SkeletonRows rows={4} />}>
            <Content />
          </Suspense>
        </div>
      </div>
    </>
  )
}

function SectionList({ current }: { readonly current: Section }) {
  const navigate = useNavigate()
  return (
    <>
      <nav aria-label={text.title} className="max-lg:hidden">
        {groups.map(({ label, sections }) => (
          <div key={label} className="mb-5">
            <p className="px-2.5 pb-1 text-[0.8125rem] text-muted">{label}</p>
            <ul className="grid gap-0.5">
              {sections.map((section) => (
                <li key={section}>
                  <Link
                    to="/dashboard/settings"
                    search={{ section } as never}
                    aria-current={section === current ? 'page' : undefined}
                    className="block rounded-control px-2.5 py-1.5 text-muted hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:font-medium aria-[current=page]:text-ink"
                  >
                    {text.sections[section]}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <select
        aria-label={text.choose}
        value={current}
        onChange={({ target }) => void navigate({ to: '/dashboard/settings', search: { section: target.value } as never })}
        className={`${controlClass} lg:hidden`}
      >
        {groups.map(({ label, sections }) => (
          <optgroup key={label} label={label}>
            {sections.map((section) => (
              <option key={section} value={section}>
                {text.sections[section]}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </>
  )
}
