// The three requests of an upload, as they go over the wire.
import { site } from '../strings/site.ts'

const text = site.home.steps

export function UploadSteps() {
  return (
    <ol className="grid grid-cols-1 gap-10">
      {text.list.map(({ title, text: why, sent, answered }, index) => (
        <li key={title} className="grid grid-cols-1 gap-5 lg:grid-cols-[15rem_minmax(0,1fr)] lg:gap-10">
          <div>
            <h3 className="flex items-baseline gap-3 text-base">
              <span aria-hidden className="font-mono text-accent">
                {index + 1}
              </span>
              {title}
            </h3>
            <p className="mt-1 text-muted lg:pl-[1.4rem]">{why}</p>
          </div>
          <div className="grid grid-cols-1 overflow-hidden rounded-card border border-line bg-raised md:grid-cols-2">
            <Side caption={text.you} code={sent} />
            <Side caption={text.we} code={answered} className="border-line max-md:border-t md:border-l" />
          </div>
        </li>
      ))}
    </ol>
  )
}

function Side({
  caption,
  code,
  className = '',
}: {
  readonly caption: string
  readonly code: string
  readonly className?: string
}) {
  return (
    <figure className={`min-w-0 ${className}`}>
      <figcaption className="px-4 pt-3 text-[0.8125rem] text-muted">{caption}</figcaption>
      <pre tabIndex={0} aria-label={caption} className="overflow-x-auto px-4 pt-1.5 pb-4 text-[0.8125rem] leading-relaxed">
        {code}
      </pre>
    </figure>
  )
}
