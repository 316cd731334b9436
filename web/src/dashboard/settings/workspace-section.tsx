// The workspace itself: its name, the web pages that may use its keys, and data of its own.
import type { Answer } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { common } from '../../strings/common.ts'
import { dashboard } from '../../strings/dashboard.ts'
import { workspaceSettings } from '../../strings/workspace-settings.ts'
import { TextArea, TextField } from '../../ui/field.tsx'
import { Card, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { holds, useSession } from '../session.ts'
import { FormEnd } from './form-end.tsx'
import { checkJsonObject, readJsonObject, showJson } from './json-field.ts'
import { readLines } from './lines.ts'

const text = workspaceSettings.general
type Settings = Answer<'/api/v2/tenant/settings', 'get'>
const queryKey = ['settings', 'tenant'] as const

export function useTenantSettings() {
  const api = useApi()
  return useQuery({ queryKey, queryFn: () => api.tenant.settings() })
}

/** Sends a part of the settings, and puts the answer where everybody looks. */
export function useUpdateTenant() {
  const api = useApi()
  const queries = useQueryClient()
  return async (body: Parameters<typeof api.tenant.updateSettings>[0]): Promise<Settings> => {
    const updated = await api.tenant.updateSettings(body)
    queries.setQueryData(queryKey, updated)
    return updated
  }
}

/** Why somebody cannot change the workspace; null who can. */
export function useAdminReason(): string | null {
  const { workspace } = useSession()
  return holds(workspace, 'admin') ? null : dashboard.needsRole('admin')
}

export function WorkspaceSection() {
  const settings = useTenantSettings()
  if (settings.isError) return <Failure error={settings.error} onRetry={() => void settings.refetch()} />
  if (!settings.data) return <SkeletonRows />
  return (
    <>
      <GeneralCard settings={settings.data} />
      <OwnDataCard settings={settings.data} />
    </>
  )
}

function GeneralCard({ settings }: { readonly settings: Settings }) {
  const update = useUpdateTenant()
  const queries = useQueryClient()
  const toast = useToast()
  const refused = useAdminReason()
  const form = useApiForm<{ name: string; allowed_domains: string }>(
    async ({ name, allowed_domains }) => {
      const updated = await update({ name, allowed_domains: readLines(allowed_domains) })
      form.reset({ name: updated.name, allowed_domains: updated.allowed_domains.join('\n') })
      void queries.invalidateQueries({ queryKey: ['session'] })
      toast({ title: common.saved })
    },
    { defaultValues: { name: settings.name, allowed_domains: settings.allowed_domains.join('\n') } },
  )
  return (
    <Card title={text.title}>
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <TextField
          label={text.name}
          maxLength={255}
          readOnly={refused !== null}
          error={form.errorOf('name')}
          {...form.register('name')}
        />
        <TextArea
          label={text.domains}
          hint={text.domainsHint}
          rows={3}
          spellCheck={false}
          readOnly={refused !== null}
          className="font-mono text-[0.875rem]"
          error={form.errorOf('allowed_domains')}
          {...form.register('allowed_domains')}
        />
        <dl className="flex flex-wrap gap-x-8 gap-y-1 text-[0.875rem]">
          <div className="flex min-w-0 gap-2">
            <dt className="text-muted">{text.id}</dt>
            <dd className="min-w-0 font-mono text-[0.8125rem] break-all">{settings.id}</dd>
          </div>
          <div className="flex gap-2">
            <dt className="text-muted">{text.created}</dt>
            <dd>
              <Time at={settings.created_at} absolute />
            </dd>
          </div>
        </dl>
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} disabledReason={refused} />
      </form>
    </Card>
  )
}

function OwnDataCard({ settings }: { readonly settings: Settings }) {
  const update = useUpdateTenant()
  const toast = useToast()
  const refused = useAdminReason()
  const form = useApiForm<{ custom_config: string }>(
    async ({ custom_config }) => {
      const updated = await update({ custom_config: readJsonObject(custom_config) })
      form.reset({ custom_config: showJson(updated.custom_config) })
      toast({ title: common.saved })
    },
    { defaultValues: { custom_config: showJson(settings.custom_config) } },
  )
  return (
    <Card title={text.data} lead={text.dataLead}>
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <TextArea
          label={text.dataField}
          labelHidden
          rows={5}
          spellCheck={false}
          readOnly={refused !== null}
          className="font-mono text-[0.875rem]"
          error={form.errorOf('custom_config')}
          {...form.register('custom_config', { validate: checkJsonObject })}
        />
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} disabledReason={refused} />
      </form>
    </Card>
  )
}
