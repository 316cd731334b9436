// Name, appearance, and the data that an account keeps for its own clients.
import type { Answer } from '@aionvision/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useApi } from '../../api.ts'
import { useApiForm } from '../../form.ts'
import { common } from '../../strings/common.ts'
import { settings } from '../../strings/settings.ts'
import { TextArea, TextField } from '../../ui/field.tsx'
import { Card, Failure, SkeletonRows } from '../../ui/surface.tsx'
import { ThemeChoice } from '../../ui/theme-choice.tsx'
import { Time } from '../../ui/time.tsx'
import { useToast } from '../../ui/toast.tsx'
import { FormEnd } from './form-end.tsx'
import { checkJsonObject, readJsonObject, showJson } from './json-field.ts'

const text = settings.profile
type Profile = Answer<'/api/v2/user/profile', 'get'>
const queryKey = ['settings', 'profile'] as const

export function useProfile() {
  const api = useApi()
  return useQuery({ queryKey, queryFn: () => api.user.profile() })
}

export function ProfileSection() {
  const profile = useProfile()
  if (profile.isError) return <Failure error={profile.error} onRetry={() => void profile.refetch()} />
  if (!profile.data) return <SkeletonRows rows={4} />
  return (
    <>
      <NameCard profile={profile.data} />
      <Card title={text.appearance} lead={text.appearanceLead}>
        <ThemeChoice />
      </Card>
      <PreferencesCard profile={profile.data} />
    </>
  )
}

/** Sends a part of the profile, and puts the answer where everybody looks. */
function useUpdateProfile() {
  const api = useApi()
  const queries = useQueryClient()
  const toast = useToast()
  return async (body: Parameters<typeof api.user.updateProfile>[0]): Promise<Profile> => {
    const updated = await api.user.updateProfile(body)
    queries.setQueryData(queryKey, updated)
    void queries.invalidateQueries({ queryKey: ['session'] })
    toast({ title: common.saved })
    return updated
  }
}

function NameCard({ profile }: { readonly profile: Profile }) {
  const update = useUpdateProfile()
  const form = useApiForm<{ name: string }>(
    async (values) => {
      await update(values)
    },
    { defaultValues: { name: profile.name } },
  )
  return (
    <Card title={settings.sections.profile}>
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <TextField
          label={text.name}
          hint={text.nameHint}
          autoComplete="name"
          error={form.errorOf('name')}
          {...form.register('name')}
        />
        <dl className="flex flex-wrap gap-x-8 gap-y-1 text-[0.875rem]">
          <div className="flex gap-2">
            <dt className="text-muted">{text.since}</dt>
            <dd>
              <Time at={profile.created_at} absolute />
            </dd>
          </div>
          <div className="flex gap-2">
            <dt className="text-muted">{text.lastSignIn}</dt>
            <dd>
              <Time at={profile.last_login_at} />
            </dd>
          </div>
        </dl>
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} />
      </form>
    </Card>
  )
}

function PreferencesCard({ profile }: { readonly profile: Profile }) {
  const update = useUpdateProfile()
  const form = useApiForm<{ preferences: string }>(
    async ({ preferences }) => {
      const given = readJsonObject(preferences)
      // What is not named stays on the server: what was deleted here must be named as null.
      const gone = Object.keys(profile.preferences).filter((name) => !Object.hasOwn(given, name))
      const updated = await update({ preferences: { ...Object.fromEntries(gone.map((name) => [name, null])), ...given } })
      form.reset({ preferences: showJson(updated.preferences) })
    },
    { defaultValues: { preferences: showJson(profile.preferences) } },
  )
  return (
    <Card title={text.preferences} lead={text.preferencesLead}>
      <form onSubmit={(event) => void form.submit(event)} className="grid gap-4" noValidate>
        <TextArea
          label={text.preferencesField}
          labelHidden
          rows={5}
          spellCheck={false}
          className="font-mono text-[0.875rem]"
          error={form.errorOf('preferences')}
          {...form.register('preferences', { validate: checkJsonObject })}
        />
        <FormEnd fault={form.fault} pending={form.formState.isSubmitting} />
      </form>
    </Card>
  )
}
