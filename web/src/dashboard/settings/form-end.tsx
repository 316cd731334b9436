// What stands below the fields of each form here: what went wrong with it as a whole, and the button.
import type { ReactNode } from 'react'
import { common } from '../../strings/common.ts'
import { Button } from '../../ui/button.tsx'

interface Props {
  readonly fault: string | null
  readonly pending: boolean
  readonly label?: string
  readonly disabledReason?: string | null | undefined
  readonly children?: ReactNode
}

export function FormEnd({ fault, pending, label = common.save, disabledReason, children }: Props) {
  return (
    <div className="grid gap-3">
      {fault && (
        <p role="alert" className="text-danger">
          {fault}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button kind="primary" type="submit" pending={pending} disabledReason={disabledReason}>
          {label}
        </Button>
        {children}
      </div>
    </div>
  )
}
