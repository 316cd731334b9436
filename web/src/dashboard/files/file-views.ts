// What the gallery and the list have in common.
import type { UserFile } from '@aionvision/sdk'

export interface FileViewProps {
  readonly total: number
  /** Undefined while it is on the way. */
  readonly at: (index: number) => UserFile | undefined
  /** The first and the last file in sight, so that their pages are asked for. */
  readonly onRange: (first: number, last: number) => void
  readonly isSelected: (id: string) => boolean
  /** `extend`: everything from the one chosen before up to here. */
  readonly onSelect: (index: number, extend: boolean) => void
  readonly onOpen: (id: string) => void
}
