// The trail's proof: intact, or the first broken link by its number.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useApi } from '../../api.ts'
import { audit } from '../../strings/audit.ts'
import { Button } from '../../ui/button.tsx'
import { Failure, Notice } from '../../ui/surface.tsx'

const text = audit.verify

export function useVerify() {
  const api = useApi()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api.audit.verify(),
    // What is on the screen may be from before the edit.
    onSuccess: ({ intact }) => (intact ? undefined : queries.invalidateQueries({ queryKey: ['audit', 'trail'] })),
  })
}

export function VerifyResult({
  verify,
  onOpen,
}: {
  readonly verify: ReturnType<typeof useVerify>
  readonly onOpen: (id: string) => void
}) {
  if (verify.isError)
    return (
      <div className="mb-4">
        <Failure error={verify.error} onRetry={() => verify.mutate()} />
      </div>
    )
  if (!verify.data) return null
  const { intact, rows, first_sequence, sequence, event_id, problem } = verify.data
  return (
    <div className="mb-4" role="status">
      {intact ? (
        <Notice tone="ok" title={text.intact(rows)}>
          {text.intactText(first_sequence)}
        </Notice>
      ) : (
        <Notice tone="danger" title={text.broken(sequence ?? 0)}>
          <p>{problem}</p>
          <p className="mt-1">{text.brokenText}</p>
          {event_id && (
            <div className="mt-3">
              <Button size="small" onClick={() => onOpen(event_id)}>
                {text.show}
              </Button>
            </div>
          )}
        </Notice>
      )}
    </div>
  )
}
