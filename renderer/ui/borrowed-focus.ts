import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'

/**
 * Takes the focus while the element is shown, and gives it back to where it was unless it went on elsewhere. Not `wanted`:
 * the focus stays where it is.
 */
export function useBorrowedFocus(ref: RefObject<HTMLElement | null>, wanted: boolean): void {
  useLayoutEffect(() => {
    if (!wanted) return
    const element = ref.current
    const before = document.activeElement
    element?.focus()
    return () => {
      const now = document.activeElement
      const isOurs = now === null || now === document.body || element?.contains(now)
      if (isOurs && before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [ref, wanted])
}

/** Whether something was opened while this is shown, and did not stand open already when this came. */
export function useOpenedHere(open: boolean): boolean {
  const stood = useRef(open)
  useEffect(() => {
    if (!open) stood.current = false
  }, [open])
  return open && !stood.current
}
