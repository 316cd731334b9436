// The frame of the dashboard: who is signed in, in which workspace, and the way to every tab.
import { AionvisionError } from '@aionvision/sdk'
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import {
  Activity,
  ChevronsUpDown,
  CreditCard,
  FlaskConical,
  FolderOpen,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  ScrollText,
  Settings,
  UserRound,
  Users,
} from 'lucide-react'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { ApiContext, createApi, useApi } from '../api.ts'
import { recall, remember } from '../remembered.ts'
import { common } from '../strings/common.ts'
import { dashboard as text } from '../strings/dashboard.ts'
import { buttonClass } from '../ui/button.tsx'
import { classes } from '../ui/classes.ts'
import { Mark } from '../ui/mark.tsx'
import { Menu } from '../ui/menu.tsx'
import { Badge, Failure, SkeletonRows } from '../ui/surface.tsx'
import { ThemeChoice } from '../ui/theme-choice.tsx'
import { ToastProvider } from '../ui/toast.tsx'
import { FailureHelpProvider } from './failure-help.tsx'
import { UploadsProvider, UploadsUnderWay } from './files/uploads.tsx'
import { FreshProofProvider } from './fresh.tsx'
import { SessionContext, type SignedIn, useSession } from './session.ts'

const VerifyFirst = lazy(async () => ({ default: (await import('./verify-first.tsx')).VerifyFirst }))

const tabs: readonly { readonly to: string; readonly label: string; readonly icon: LucideIcon }[] = [
  { to: '/dashboard', label: text.tabs.overview, icon: LayoutDashboard },
  { to: '/dashboard/keys', label: text.tabs.keys, icon: KeyRound },
  { to: '/dashboard/usage', label: text.tabs.usage, icon: Activity },
  { to: '/dashboard/files', label: text.tabs.files, icon: FolderOpen },
  { to: '/dashboard/team', label: text.tabs.team, icon: Users },
  { to: '/dashboard/audit', label: text.tabs.audit, icon: ScrollText },
  { to: '/dashboard/billing', label: text.tabs.billing, icon: CreditCard },
  { to: '/dashboard/limits-lab', label: text.tabs.limitsLab, icon: FlaskConical },
  { to: '/dashboard/settings', label: text.tabs.settings, icon: Settings },
]

/** Signing in brings people back to where they were. */
function leaveToSignIn(): void {
  const here = location.pathname + location.search + location.hash
  location.assign(`/auth/login?reason=expired&next=${encodeURIComponent(here)}`)
}

function createQueries(): QueryClient {
  return new QueryClient({
    // The SDK has tried again already.
    defaultOptions: { queries: { retry: false, staleTime: 10_000 } },
  })
}

export function DashboardFrame() {
  const [tenantId, setTenantId] = useState(() => recall('workspace'))
  const api = useMemo(() => createApi(tenantId, leaveToSignIn), [tenantId])
  // Another workspace shares nothing with this one, not even what is cached.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new workspace starts anew
  const queries = useMemo(createQueries, [tenantId])
  const switchWorkspace = (id: string | null) => {
    remember('workspace', id)
    setTenantId(id)
  }
  return (
    <ApiContext value={api}>
      <QueryClientProvider client={queries}>
        <ToastProvider>
          <SessionGate chosen={tenantId} switchWorkspace={switchWorkspace}>
            <FreshProofProvider>
              <FailureHelpProvider>
                <UploadsProvider>
                  <Shell>
                    <Outlet />
                  </Shell>
                </UploadsProvider>
              </FailureHelpProvider>
            </FreshProofProvider>
          </SessionGate>
        </ToastProvider>
      </QueryClientProvider>
    </ApiContext>
  )
}

function SessionGate({
  chosen,
  switchWorkspace,
  children,
}: {
  readonly chosen: string | null
  readonly switchWorkspace: (id: string | null) => void
  readonly children: ReactNode
}) {
  // What is asked here must not depend on a workspace that was left meanwhile.
  const home = useMemo(() => createApi(null, leaveToSignIn), [])
  const session = useQuery({
    queryKey: ['session'],
    queryFn: async () => {
      const [user, { tenants }] = await Promise.all([
        home.request('GET', '/api/v2/auth/session/me'),
        home.request('GET', '/api/v2/user/tenants'),
      ])
      return { user, workspaces: tenants }
    },
    staleTime: 60_000,
  })
  if (session.error instanceof AionvisionError && session.error.code === 'EMAIL_NOT_VERIFIED')
    return (
      <main>
        <Suspense fallback={<SkeletonRows rows={3} />}>
          <VerifyFirst />
        </Suspense>
      </main>
    )
  if (session.isError)
    return (
      <main className="mx-auto max-w-lg px-4 py-24">
        <Failure error={session.error} onRetry={() => void session.refetch()} />
      </main>
    )
  if (!session.data)
    return (
      <main className="mx-auto max-w-3xl px-4 py-24">
        <SkeletonRows />
      </main>
    )
  const { user, workspaces } = session.data
  const workspace = workspaces.find(({ id }) => id === chosen) ?? workspaces[0]
  if (chosen && workspace?.id !== chosen) switchWorkspace(null)
  if (!workspace) return null
  const value: SignedIn = { user, workspaces, workspace, switchWorkspace }
  return <SessionContext value={value}>{children}</SessionContext>
}

function Shell({ children }: { readonly children: ReactNode }) {
  const { pathname } = useLocation()
  const nav = useRef<HTMLElement>(null)
  // On a phone the tabs scroll: the one that is open comes into sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each tab
  useEffect(() => {
    const open = nav.current?.querySelector<HTMLElement>('[aria-current=page]')
    if (open && nav.current) nav.current.scrollLeft = open.offsetLeft - (nav.current.clientWidth - open.offsetWidth) / 2
  }, [pathname])
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_1fr]">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-60 focus:m-2 focus:bg-raised focus:p-2">
        {common.skipToContent}
      </a>
      <aside className="border-line max-lg:border-b lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:border-r lg:px-3 lg:py-4">
        <div className="flex items-center justify-between gap-3 px-4 pt-3 lg:px-2 lg:pt-0">
          <Link to="/" className="flex items-center gap-2 font-semibold tracking-tight">
            <Mark />
            {common.product}
          </Link>
          <div className="lg:hidden">
            <PersonMenu />
          </div>
        </div>
        <div className="px-4 py-3 lg:px-0">
          <WorkspaceChoice />
        </div>
        <nav
          ref={nav}
          aria-label={text.tabs.label}
          className="relative flex gap-1 overflow-x-auto px-3 pb-2 lg:flex-col lg:overflow-visible lg:px-0"
        >
          {tabs.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to as never}
              activeOptions={{ exact: to === '/dashboard', includeSearch: false }}
              className="flex items-center gap-2.5 rounded-control px-2.5 py-2 whitespace-nowrap text-muted hover:bg-sunken hover:text-ink [&.active]:bg-sunken [&.active]:font-medium [&.active]:text-ink"
            >
              <Icon aria-hidden size={16} className="max-lg:hidden" />
              {label}
            </Link>
          ))}
        </nav>
        <div className="grid px-3 pb-2 empty:hidden lg:px-0 lg:pt-3">
          <UploadsUnderWay />
        </div>
        <div className="mt-auto grid grid-cols-[minmax(0,1fr)] gap-3 px-2 max-lg:hidden">
          <a href="/docs" className="text-muted hover:text-ink">
            {text.docs}
          </a>
          <ThemeChoice />
          <PersonMenu />
        </div>
      </aside>
      <main id="content" tabIndex={-1} className="min-w-0 px-4 py-6 outline-none sm:px-8 lg:py-8">
        <div className="mx-auto max-w-6xl">{children}</div>
      </main>
    </div>
  )
}

function WorkspaceChoice() {
  const { workspaces, workspace, switchWorkspace } = useSession()
  const name = (
    <span className="grid min-w-0 flex-1 text-left leading-tight">
      <span className="truncate font-medium">{workspace.name}</span>
      <span className="text-[0.75rem] text-muted">{text.roleIn(workspace.role)}</span>
    </span>
  )
  const plan = <Badge>{workspace.plan.toUpperCase()}</Badge>
  if (workspaces.length === 1)
    return (
      <div className="flex items-center gap-2 px-2 py-1">
        {name}
        {plan}
      </div>
    )
  return (
    <Menu
      trigger={
        <button type="button" className={classes(buttonClass('secondary'), 'w-full py-1.5')}>
          <span className="sr-only">{text.switchWorkspace}</span>
          {name}
          {plan}
          <ChevronsUpDown aria-hidden size={14} />
        </button>
      }
      items={workspaces.map(({ id, name }) => ({ label: name, onSelect: () => switchWorkspace(id) }))}
    />
  )
}

function PersonMenu() {
  const api = useApi()
  const { user } = useSession()
  const leave = async () => {
    await api.request('POST', '/api/v2/auth/session/logout')
    location.assign('/')
  }
  return (
    <Menu
      trigger={
        <button type="button" className={classes(buttonClass('quiet'), 'max-w-full lg:-ml-2 lg:justify-start lg:px-2')}>
          <UserRound aria-hidden size={16} />
          <span className="sr-only">{text.account(user.email)}</span>
          <span className="min-w-0 truncate max-lg:hidden">{user.name || user.email}</span>
        </button>
      }
      items={[
        { label: <span className="text-muted">{user.email}</span>, onSelect: () => {} },
        'line',
        { label: text.signOut, onSelect: () => void leave() },
      ]}
    />
  )
}
