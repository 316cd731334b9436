// A request that this page makes while it is read, and the answer as it came: line, headers, body.
import { Requester } from '@aionvision/sdk'
import { useCallback, useEffect, useRef, useState } from 'react'
import { site } from '../strings/site.ts'
import { Button } from '../ui/button.tsx'
import { classes } from '../ui/classes.ts'
import { explain, Failure } from '../ui/surface.tsx'

const text = site.home.live
const paths = { plans: '/api/v2/plans', files: '/api/v2/user-files' } as const
/** They say nothing of the answer. */
const ofTheConnection = new Set(['connection', 'keep-alive', 'date'])
type Choice = keyof typeof paths

interface Exchange {
  readonly path: string
  readonly status: number
  readonly ms: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/** Through the SDK as everything here; what it saw on the way is kept for showing. */
async function ask(choice: Choice): Promise<Exchange> {
  let seen: Exchange | null = null
  const watched: typeof fetch = async (input, init) => {
    const began = performance.now()
    // Without the cookie: what anybody would be answered.
    const response = await fetch(input, { ...init, credentials: 'omit' })
    const ms = Math.max(1, Math.round(performance.now() - began))
    const body = await response
      .clone()
      .json()
      .catch(() => null)
    seen = {
      path: paths[choice],
      status: response.status,
      ms,
      headers: [...response.headers].filter(([name]) => !ofTheConnection.has(name)),
      body: JSON.stringify(body, null, 2),
    }
    return response
  }
  const api = new Requester({ session: 'cookie', baseUrl: location.origin, maxRetries: 0, fetch: watched })
  try {
    await api.request('GET', paths[choice])
  } catch (error) {
    if (!seen) throw error
  }
  if (!seen) throw new Error(explain(null).message)
  return seen
}

export function LiveRequest() {
  const [choice, setChoice] = useState<Choice>('plans')
  const [exchange, setExchange] = useState<Exchange | null>(null)
  const [error, setError] = useState<unknown>(null)
  const newest = useRef(0)

  const send = useCallback((which: Choice) => {
    const turn = ++newest.current
    setChoice(which)
    setError(null)
    ask(which).then(
      (answer) => turn === newest.current && setExchange(answer),
      (fault) => turn === newest.current && setError(fault),
    )
  }, [])
  useEffect(() => send('plans'), [send])

  return (
    <section aria-labelledby="live" className="min-w-0">
      <div className="overflow-hidden rounded-card border border-line bg-raised shadow-[0_1px_2px_rgb(0_0_0/0.04)]">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2.5">
          <h2 id="live" className="mr-auto text-[0.9375rem]">
            {text.title}
          </h2>
          <div role="group" aria-label={text.choices} className="flex gap-1">
            {(Object.keys(paths) as Choice[]).map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={choice === each}
                onClick={() => send(each)}
                className={classes(
                  'min-h-8 rounded-control px-2.5 text-[0.8125rem]',
                  choice === each ? 'bg-sunken text-ink' : 'text-muted hover:text-ink',
                )}
              >
                {text[each]}
              </button>
            ))}
          </div>
        </div>
        <div
          // It scrolls, so the keyboard must reach it.
          tabIndex={0}
          role="region"
          aria-label={text.answer}
          className="h-[25.5rem] overflow-auto px-4 py-3.5 font-mono text-[0.8125rem] leading-relaxed"
        >
          <p>
            <span className="text-accent">GET</span> {paths[choice]}
          </p>
          {error ? (
            <div className="mt-3 font-sans">
              <Failure error={error} onRetry={() => send(choice)} />
            </div>
          ) : (
            exchange && <Answer exchange={exchange} />
          )}
        </div>
        <div className="flex items-center justify-between gap-3 border-t border-line px-4 py-2 text-[0.8125rem] text-muted">
          <span role="status" className="tabular-nums">
            {exchange ? text.answered(exchange.status, exchange.ms) : text.asking}
          </span>
          <Button size="small" onClick={() => send(choice)}>
            {text.again}
          </Button>
        </div>
      </div>
      <p className="mt-2.5 text-[0.8125rem] text-muted">{text.lead}</p>
    </section>
  )
}

function Answer({ exchange: { status, headers, body } }: { readonly exchange: Exchange }) {
  return (
    <>
      <p className={classes('mt-3 font-semibold', status < 400 ? 'text-ok' : 'text-danger')}>{status}</p>
      <dl>
        {headers.map(([name, value]) => (
          <div key={name} className="break-words">
            <dt className="inline text-muted">{name}: </dt>
            <dd className="inline">{value}</dd>
          </div>
        ))}
      </dl>
      <pre className="mt-3 text-[1em]">
        <code className="text-[1em]">{coloured(body)}</code>
      </pre>
    </>
  )
}

/** Names stay ink; values get the colour of their kind. */
function coloured(json: string) {
  return json.split(/("(?:[^"\\]|\\.)*":?|-?\b\d[\d.eE+-]*|\b(?:true|false|null)\b)/).map((part, index) =>
    index % 2 === 0 || part.endsWith('":') ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text, in order
      <span key={index} className={part.startsWith('"') ? 'text-ok' : 'text-accent'}>
        {part}
      </span>
    ),
  )
}
