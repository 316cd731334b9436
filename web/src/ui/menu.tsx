// A button with more to do behind it.
import { DropdownMenu } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { classes } from './classes.ts'

export interface MenuItem {
  readonly label: ReactNode
  readonly onSelect: () => void
  readonly danger?: boolean
  /** Why it cannot be used now. */
  readonly disabledReason?: string | null | undefined
}

export function Menu({ trigger, items }: { readonly trigger: ReactNode; readonly items: readonly (MenuItem | 'line')[] }) {
  // Within the page's main part, so that its items belong to a landmark. Looked up as the menu opens: at the page's first
  // rendering it is not there yet, and a menu that moves while it is open closes.
  const [container, setContainer] = useState<HTMLElement | null>(null)
  return (
    <DropdownMenu.Root modal={false} onOpenChange={(open) => open && setContainer(document.getElementById('content'))}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={container}>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-50 max-w-80 min-w-44 rounded-card border border-line bg-raised p-1 shadow-xl"
        >
          {items.map((item, index) =>
            item === 'line' ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line has no name
              <DropdownMenu.Separator key={index} className="my-1 h-px bg-line" />
            ) : (
              <DropdownMenu.Item
                // biome-ignore lint/suspicious/noArrayIndexKey: the items of a menu stay in place
                key={index}
                onSelect={(event) => (item.disabledReason ? event.preventDefault() : item.onSelect())}
                aria-disabled={item.disabledReason ? true : undefined}
                className={classes(
                  'cursor-pointer rounded-control px-2.5 py-1.5 outline-none data-highlighted:bg-sunken',
                  item.danger && 'text-danger',
                  item.disabledReason && 'cursor-not-allowed text-muted',
                )}
              >
                {item.label}
                {item.disabledReason && <span className="block text-[0.75rem] text-muted">{item.disabledReason}</span>}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
