// Forms that send to the API: what the server finds wrong with a field stands at that field, the rest above the button.
import { AionvisionError } from '@aionvision/sdk'
import { useState } from 'react'
import { type FieldValues, type Path, type UseFormProps, useForm } from 'react-hook-form'
import { explain } from './ui/surface.tsx'

interface Issue {
  readonly loc?: readonly (string | number)[]
  readonly msg?: string
}

/** `send` is given what was typed; `fault` is what belongs to no field. */
export function useApiForm<Values extends FieldValues>(send: (values: Values) => Promise<void>, options: UseFormProps<Values>) {
  const form = useForm<Values>(options)
  const [fault, setFault] = useState<string | null>(null)
  const names = Object.keys(options.defaultValues ?? {})

  const submit = form.handleSubmit(async (values) => {
    setFault(null)
    try {
      await send(values)
    } catch (error) {
      const issues =
        error instanceof AionvisionError && Array.isArray(error.details.issues) ? (error.details.issues as Issue[]) : []
      const placed = issues.filter(({ loc }) => names.includes(String(loc?.[1])))
      for (const { loc, msg } of placed) form.setError(String(loc?.[1]) as Path<Values>, { message: msg ?? '' })
      if (placed.length === 0) setFault(explain(error).message)
      else form.setFocus(String(placed[0]?.loc?.[1]) as Path<Values>)
    }
  })
  return {
    ...form,
    submit,
    fault,
    setFault,
    errorOf: (name: Path<Values>) => form.getFieldState(name, form.formState).error?.message,
  }
}
