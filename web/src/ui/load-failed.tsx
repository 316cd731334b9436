// Instead of a page that broke or did not arrive.
import { pages } from '../strings/pages.ts'
import { Button } from './button.tsx'

export function LoadFailed() {
  return (
    <main className="mx-auto grid max-w-lg justify-items-center gap-4 px-4 py-24 text-center">
      <h1 className="text-2xl">{pages.failed.title}</h1>
      <p className="text-muted">{pages.failed.text}</p>
      <Button onClick={() => location.reload()}>{pages.failed.reload}</Button>
    </main>
  )
}
