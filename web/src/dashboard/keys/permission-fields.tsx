// What a key may do: all that a role may, or one thing at a time; each with a sentence.
import { useState } from 'react'
import { keys } from '../../strings/keys.ts'
import { Choice } from '../../ui/field.tsx'
import { Segmented } from '../../ui/segmented.tsx'

const text = keys.form
const roles = ['read', 'write', 'admin'] as const
/** Only what opens something: figures cannot be changed, and uploads are not deleted. */
const resources = {
  files: ['read', 'write', 'delete'],
  documents: ['read', 'write', 'delete'],
  uploads: ['read', 'write'],
  usage: ['read'],
} as const
type Resource = keyof typeof resources

interface Props {
  readonly scopes: readonly string[]
  readonly error: string | undefined
  readonly onChange: (scopes: readonly string[]) => void
}

/** A role holds the ones before it. */
const scopesOfRole = (role: (typeof roles)[number]) => roles.slice(0, roles.indexOf(role) + 1)

export function PermissionFields({ scopes, error, onChange }: Props) {
  const [mode, setMode] = useState<'role' | 'resource'>('role')
  const role = roles.findLast((each) => scopes.includes(each))
  const toggle = (scope: string) =>
    onChange(scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope])
  return (
    <fieldset className="grid gap-3" aria-describedby={error ? 'permissions-error' : undefined}>
      <legend className="mb-1.5 font-medium">{text.permissions}</legend>
      <div>
        <Segmented
          label={text.permissions}
          value={mode}
          options={[
            { value: 'role', label: text.byRole },
            { value: 'resource', label: text.byResource },
          ]}
          onChange={(next) => {
            setMode(next)
            onChange(next === 'role' ? ['read', 'write'] : ['files:read'])
          }}
        />
      </div>
      {mode === 'role' ? (
        <div className="grid gap-2.5">
          {roles.map((each) => (
            <Choice
              key={each}
              type="radio"
              name="role"
              label={text.roles[each][0]}
              hint={text.roles[each][1]}
              checked={role === each}
              onChange={() => onChange(scopesOfRole(each))}
            />
          ))}
        </div>
      ) : (
        <div className="grid gap-3">
          {(Object.keys(resources) as Resource[]).map((resource) => (
            <fieldset key={resource} className="grid gap-1.5 sm:grid-cols-[1fr_15.5rem] sm:items-center sm:gap-4">
              <legend className="sr-only">{text.resources[resource][0]}</legend>
              <div>
                <div className="font-medium">{text.resources[resource][0]}</div>
                <div className="text-[0.8125rem] text-muted">{text.resources[resource][1]}</div>
              </div>
              <div className="grid grid-cols-3">
                {resources[resource].map((action) => (
                  <Choice
                    key={action}
                    label={text.actions[action]}
                    checked={scopes.includes(`${resource}:${action}`)}
                    onChange={() => toggle(`${resource}:${action}`)}
                  />
                ))}
              </div>
            </fieldset>
          ))}
        </div>
      )}
      {error && (
        <p id="permissions-error" role="alert" className="text-[0.8125rem] text-danger">
          {error}
        </p>
      )}
    </fieldset>
  )
}
