// Every address there is, and the page that answers it; each page is loaded when it is first needed.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { cameSignedIn } from './arrival.ts'
import { SiteFrame } from './site/site-frame.tsx'
import { LoadFailed } from './ui/load-failed.tsx'
import { NotFound } from './ui/not-found.tsx'

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <SiteFrame>
      <NotFound />
    </SiteFrame>
  ),
  errorComponent: LoadFailed,
})

const site = createRoute({ getParentRoute: () => root, id: 'site', component: SiteFrame })
const page = <Path extends string>(path: Path, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => site, path, component: lazyRouteComponent(load as never, name as never) })

const pages = [
  page('/', () => import('./site/home-page.tsx'), 'HomePage'),
  page('/pricing', () => import('./site/pricing-page.tsx'), 'PricingPage'),
  page('/auth/register', () => import('./auth/register-page.tsx'), 'RegisterPage'),
  page('/auth/login', () => import('./auth/login-page.tsx'), 'LoginPage'),
  page('/auth/verify-email', () => import('./auth/verify-email-page.tsx'), 'VerifyEmailPage'),
  page('/auth/forgot-password', () => import('./auth/forgot-password-page.tsx'), 'ForgotPasswordPage'),
  page('/auth/reset-password', () => import('./auth/reset-password-page.tsx'), 'ResetPasswordPage'),
  page('/auth/accept-invitation', () => import('./auth/accept-invitation-page.tsx'), 'AcceptInvitationPage'),
  page('/auth/confirm-email-change', () => import('./auth/confirm-email-change-page.tsx'), 'ConfirmEmailChangePage'),
  page('/auth/cli', () => import('./auth/cli-page.tsx'), 'CliPage'),
]

const docs = createRoute({
  getParentRoute: () => site,
  path: '/docs',
  component: lazyRouteComponent(() => import('./docs/docs-frame.tsx'), 'DocsFrame'),
})
const docsPages = [
  createRoute({
    getParentRoute: () => docs,
    path: '/',
    component: lazyRouteComponent(() => import('./docs/docs-home-page.tsx'), 'DocsHomePage'),
  }),
  createRoute({
    getParentRoute: () => docs,
    path: '/api',
    component: lazyRouteComponent(() => import('./docs/api-page.tsx'), 'ApiPage'),
  }),
  createRoute({
    getParentRoute: () => docs,
    path: '/errors/$code',
    loader: async ({ params }) => (await import('./docs/load-page.ts')).loadError(params.code),
    component: lazyRouteComponent(() => import('./docs/guide-page.tsx'), 'GuidePage'),
  }),
  createRoute({
    getParentRoute: () => docs,
    path: '/$guide',
    loader: async ({ params }) => (await import('./docs/load-page.ts')).loadGuide(params.guide),
    component: lazyRouteComponent(() => import('./docs/guide-page.tsx'), 'GuidePage'),
  }),
]

const dashboard = createRoute({
  getParentRoute: () => root,
  path: '/dashboard',
  component: lazyRouteComponent(() => import('./dashboard/dashboard-frame.tsx'), 'DashboardFrame'),
  beforeLoad: ({ location }) => {
    if (!cameSignedIn()) throw redirect({ to: '/auth/login', search: { next: location.href } as never })
  },
})
const tab = <Path extends string>(path: Path, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => dashboard, path, component: lazyRouteComponent(load as never, name as never) })
const tabs = [
  tab('/', () => import('./dashboard/overview/overview-page.tsx'), 'OverviewPage'),
  tab('/keys', () => import('./dashboard/keys/keys-page.tsx'), 'KeysPage'),
  tab('/usage', () => import('./dashboard/usage/usage-page.tsx'), 'UsagePage'),
  tab('/files', () => import('./dashboard/files/files-page.tsx'), 'FilesPage'),
  tab('/team', () => import('./dashboard/team/team-page.tsx'), 'TeamPage'),
  tab('/audit', () => import('./dashboard/audit/audit-page.tsx'), 'AuditPage'),
  tab('/billing', () => import('./dashboard/billing/billing-page.tsx'), 'BillingPage'),
  tab('/settings', () => import('./dashboard/settings/settings-page.tsx'), 'SettingsPage'),
  tab('/limits-lab', () => import('./dashboard/limits-lab/limits-lab-page.tsx'), 'LimitsLabPage'),
]

export function createAppRouter() {
  const routeTree = root.addChildren([site.addChildren([...pages, docs.addChildren(docsPages)]), dashboard.addChildren(tabs)])
  return createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })
}
