// The roles that can be given, each with what it may.
import { team as text } from '../../strings/team.ts'
import { Choice } from '../../ui/field.tsx'
import { holds, type Role, useSession } from '../session.ts'

export type GivenRole = Exclude<Role, 'owner'>
const given: readonly GivenRole[] = ['viewer', 'editor', 'admin']

export function RoleChoice({ value, onChange }: { readonly value: GivenRole; readonly onChange: (role: GivenRole) => void }) {
  const { workspace } = useSession()
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-2 font-medium">{text.role}</legend>
      {given.map((role) => {
        const [label, what] = text.roles[role]
        const off = role === 'admin' && !holds(workspace, 'owner')
        return (
          <Choice
            key={role}
            type="radio"
            name="role"
            label={label}
            hint={off ? `${what} ${text.onlyOwnerAppoints}` : what}
            checked={value === role}
            disabled={off}
            onChange={() => onChange(role)}
          />
        )
      })}
    </fieldset>
  )
}
