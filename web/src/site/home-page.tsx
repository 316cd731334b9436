// The start page: what this is, shown by what it does.
import { measurements } from 'virtual:measurements'
import type { Plan } from '@aionvision/sdk'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cameSignedIn } from '../arrival.ts'
import { usePageTitle } from '../page-title.ts'
import { site } from '../strings/site.ts'
import { ButtonLink } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { LiveRequest } from './live-request.tsx'
import { UploadSteps } from './upload-steps.tsx'
import { usePlans } from './use-plans.ts'

const text = site.home

export function HomePage() {
  usePageTitle(text.pageTitle)
  const { plans } = usePlans()
  return (
    <>
      <div className="mx-auto grid max-w-6xl gap-12 px-4 pt-12 pb-16 sm:px-6 lg:grid-cols-[1fr_minmax(0,33rem)] lg:gap-16 lg:pt-20 lg:pb-24">
        <div className="lg:pt-6">
          <h1 className="text-[2.1rem] leading-[1.12] tracking-[-0.025em] sm:text-[2.75rem]">{text.title}</h1>
          <p className="mt-5 max-w-[34rem] text-[1.0625rem] text-muted">{text.lead}</p>
          <div className="mt-8 flex flex-wrap gap-3">
            {cameSignedIn() ? (
              <ButtonLink to={'/dashboard' as never} kind="primary">
                {text.dashboard}
              </ButtonLink>
            ) : (
              <ButtonLink to="/auth/register" kind="primary">
                {text.register}
              </ButtonLink>
            )}
            <ButtonLink to={'/docs/quick-start' as never}>{text.quickStart}</ButtonLink>
          </div>
        </div>
        <LiveRequest />
      </div>
      <Band title={text.steps.title} lead={text.steps.lead}>
        <UploadSteps />
      </Band>
      <Band title={text.limits.title} lead={text.limits.lead}>
        <Limits plans={plans} />
      </Band>
      <Band title={text.promises.title}>
        <ul className="grid gap-x-12 gap-y-8 sm:grid-cols-2">
          {text.promises.list.map(({ title, text }) => (
            <li key={title} className="border-t border-edge pt-4">
              <h3 className="text-base">{title}</h3>
              <p className="mt-1 text-muted">{text}</p>
            </li>
          ))}
        </ul>
      </Band>
      {measurements.length > 0 && (
        <Band title={text.measured.title} lead={text.measured.lead}>
          <Measured />
        </Band>
      )}
      <Band title={text.run.title} lead={text.run.lead}>
        <div className="flex flex-wrap items-center gap-4">
          <div className="flex max-w-full items-center gap-4 rounded-card border border-line bg-raised py-2 pr-2 pl-4">
            <code className="truncate">{text.run.command}</code>
            <CopyButton text={text.run.command} />
          </div>
          <Link to={'/docs/self-hosting' as never} className="text-accent underline underline-offset-2">
            {text.run.guide}
          </Link>
        </div>
      </Band>
    </>
  )
}

function Band({ title, lead, children }: { readonly title: string; readonly lead?: string; readonly children: ReactNode }) {
  return (
    <section className="border-t border-line">
      <div className="mx-auto max-w-6xl px-4 py-16 sm:px-6">
        <h2 className="text-[1.5rem]">{title}</h2>
        {lead && <p className="mt-2 max-w-[62ch] text-muted">{lead}</p>}
        <div className="mt-8">{children}</div>
      </div>
    </section>
  )
}

function Limits({ plans }: { readonly plans: readonly Plan[] | null }) {
  return (
    <div className="grid items-start gap-8 lg:grid-cols-[1fr_minmax(0,26rem)] lg:gap-16">
      <div>
        <dl className="grid grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))] gap-6">
          {(plans ?? []).map(({ name, title, requests_per_minute, api_access }) => (
            <div key={name} className="grid border-l-2 border-line pl-4">
              <dt className="text-[0.8125rem] text-muted">{title}</dt>
              <dd>
                <span className="block text-[1.75rem] font-medium tracking-tight tabular-nums">
                  {api_access ? requests_per_minute : '–'}
                </span>
                <span className="text-[0.8125rem] text-muted">{api_access ? text.limits.perMinute : text.limits.noKeys}</span>
              </dd>
            </div>
          ))}
        </dl>
        <p className="mt-8">
          <Link to="/pricing" className="text-accent underline underline-offset-2">
            {text.limits.all}
          </Link>
        </p>
      </div>
      <figure className="overflow-hidden rounded-card border border-line bg-raised">
        <figcaption className="border-b border-line px-4 py-2 text-[0.8125rem] text-muted">{text.limits.headersLabel}</figcaption>
        <pre tabIndex={0} aria-label={text.limits.headersLabel} className="overflow-x-auto p-4 leading-relaxed">
          {text.limits.headers}
        </pre>
      </figure>
    </div>
  )
}

function Measured() {
  return (
    <div tabIndex={0} role="region" aria-label={text.measured.title} className="overflow-x-auto">
      <table className="w-full border-collapse text-left">
        <thead>
          <tr className="border-b border-edge text-[0.8125rem] text-muted">
            <th scope="col" className="py-2 pr-4 font-normal">
              {text.measured.what}
            </th>
            <th scope="col" className="w-20 py-2 pr-4 sm:w-36 text-right font-normal">
              {text.measured.value}
            </th>
            <th scope="col" className="w-20 py-2 text-right sm:w-36 font-normal">
              {text.measured.bar}
            </th>
          </tr>
        </thead>
        <tbody>
          {measurements.map(({ what, measured, bar }) => (
            <tr key={what} className="border-b border-line">
              <th scope="row" className="py-2.5 pr-4 font-normal">
                {what}
              </th>
              <td className="py-2.5 pr-4 text-right font-medium tabular-nums">{measured}</td>
              <td className="py-2.5 text-right text-muted tabular-nums">{bar}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
