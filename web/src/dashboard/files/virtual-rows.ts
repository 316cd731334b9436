// Rows of one height in a page of any length: which of them are in sight.
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useLayoutEffect, useState } from 'react'

/** Drawn beyond either edge. More would show sooner, and cost more at once. */
const aheadPixels = 200

export function useVirtualRows(box: RefObject<HTMLElement | null>, count: number, height: number) {
  const [scrollMargin, setScrollMargin] = useState(0)
  // What stands above may grow, such as a list of uploads; the page grows with it.
  useLayoutEffect(() => {
    const read = () => setScrollMargin(box.current ? Math.round(box.current.getBoundingClientRect().top + window.scrollY) : 0)
    read()
    const watch = new ResizeObserver(read)
    watch.observe(document.body)
    return () => watch.disconnect()
  }, [box])
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => height,
    overscan: Math.ceil(aheadPixels / height),
    scrollMargin,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height makes every place wrong
  useEffect(() => virtual.measure(), [height])
  const items = virtual.getVirtualItems()
  return {
    rows: items.map(({ index, start }) => ({ index, top: start - scrollMargin })),
    first: items[0]?.index ?? 0,
    last: items.at(-1)?.index ?? 0,
    totalHeight: virtual.getTotalSize(),
  }
}

export function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const read = () => setWidth(element.clientWidth)
    read()
    const watch = new ResizeObserver(read)
    watch.observe(element)
    return () => watch.disconnect()
  }, [box])
  return width
}
