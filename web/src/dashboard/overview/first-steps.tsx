// The way from a new account to a stored file; each step ticks itself off, and the list goes when all are done.
import { useMutation, useQuery } from '@tanstack/react-query'
import { Check, Circle } from 'lucide-react'
import { useApi } from '../../api.ts'
import { overview } from '../../strings/overview.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { classes } from '../../ui/classes.ts'
import { Card } from '../../ui/surface.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useSession } from '../session.ts'

const text = overview.start
/** Before this service. */
const longAgo = '2020-01-01T00:00:00Z'
const watchMs = 15_000

export function useFirstSteps() {
  const api = useApi()
  return useQuery({
    queryKey: ['first-steps'],
    queryFn: async () => {
      const [keys, usage, files] = await Promise.all([
        api.request('GET', '/api/v2/api-keys', { query: { include_inactive: true, limit: 1 } }),
        api.request('GET', '/api/v2/usage/summary', { query: { start_date: longAgo } }),
        api.request('GET', '/api/v2/user-files', { query: { limit: 1 } }),
      ])
      return { key: keys.total > 0, request: usage.usage.total_requests > 0, upload: files.total_count > 0 }
    },
    // Until the last one is ticked somebody may be at it in another window.
    refetchInterval: ({ state: { data } }) => (data?.key && data.request && data.upload ? false : watchMs),
  })
}

export function FirstSteps() {
  const { user, workspace } = useSession()
  const api = useApi()
  const toast = useToast()
  const progress = useFirstSteps()
  const resend = useMutation({
    mutationFn: () => api.request('POST', '/api/v2/auth/session/resend-verification'),
    onSuccess: () => toast({ title: text.sent }),
  })
  if (!progress.data) return null
  const done = { verify: user.email_verified, plan: workspace.plan !== 'free', ...progress.data }
  const steps = ['verify', 'plan', 'key', 'request', 'upload'] as const
  const ticked = steps.filter((step) => done[step]).length
  if (ticked === steps.length) return null
  const next = steps.find((step) => !done[step])
  const actions = {
    verify: (
      <Button size="small" onClick={() => resend.mutate()} pending={resend.isPending}>
        {text.steps.verify[2]}
      </Button>
    ),
    plan: <Go to="/dashboard/billing" label={text.steps.plan[2]} primary={next === 'plan'} />,
    key: <Go to="/dashboard/keys" label={text.steps.key[2]} primary={next === 'key'} />,
    request: <Go to="/docs/quick-start" label={text.steps.request[2]} primary={next === 'request'} />,
    upload: <Go to="/dashboard/files" label={text.steps.upload[2]} primary={next === 'upload'} />,
  }
  return (
    <Card title={text.title} lead={text.lead(ticked, steps.length)}>
      <ol className="grid gap-1">
        {steps.map((step) => (
          <li key={step} className="flex items-center gap-3 border-t border-line py-3 first:border-t-0">
            {done[step] ? (
              <Check aria-label={text.done} size={18} className="shrink-0 text-ok" />
            ) : (
              <Circle aria-hidden size={18} className="shrink-0 text-edge" />
            )}
            <div className="min-w-0 flex-1">
              <div className={classes('font-medium', done[step] && 'text-muted')}>{text.steps[step][0]}</div>
              {!done[step] && <div className="text-[0.875rem] text-muted">{text.steps[step][1]}</div>}
            </div>
            {!done[step] && actions[step]}
          </li>
        ))}
      </ol>
    </Card>
  )
}

function Go({ to, label, primary }: { readonly to: string; readonly label: string; readonly primary: boolean }) {
  return (
    <ButtonLink to={to as never} size="small" kind={primary ? 'primary' : 'secondary'}>
      {label}
    </ButtonLink>
  )
}
