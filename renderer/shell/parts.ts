/** What F6 goes through: the panes of the screen, and what else says to be a part of it. */
const partSelector = 'main section.pane[aria-label], [data-part]'
/** Where one begins in a part that was not visited before, the likeliest first. */
const starts = [
  '.inputarea',
  '[role="grid"][tabindex="0"]',
  '[role="listbox"][tabindex="0"]',
  '[role="treeitem"][tabindex="0"]',
  '[role="tab"][aria-selected="true"]',
  'button:not(:disabled), a[href], input:not(:disabled), textarea:not(:disabled), [tabindex="0"]',
]

const visited = new WeakMap<Element, HTMLElement>()

/** Remembers where one was in each part. Called once, when the page starts. */
export function followParts(target: Window): () => void {
  const follow = ({ target: element }: FocusEvent) => {
    if (!(element instanceof HTMLElement)) return
    const part = partOf(element)
    if (part) visited.set(part, element)
  }
  target.addEventListener('focusin', follow)
  return () => target.removeEventListener('focusin', follow)
}

/**
 * Goes to the part after the one that has the focus, or before it, and there to where one was: also out of an editor,
 * in which Tab writes.
 */
export function goToPart(by: 1 | -1): void {
  const parts = [...document.querySelectorAll(partSelector)].filter(isSeen)
  const at = parts.indexOf(partOf(document.activeElement)!)
  const first = at < 0 && by < 0 ? 0 : at
  for (let step = 1; step <= parts.length; step++) {
    const part = parts[(first + by * step + parts.length * 2) % parts.length]!
    const place = placeIn(part)
    if (!place) continue
    place.focus()
    return
  }
}

/** The innermost part around an element. */
function partOf(element: Element | null): Element | null {
  return element?.closest(partSelector) ?? null
}

function placeIn(part: Element): HTMLElement | undefined {
  const own = (element: Element | undefined) => element !== undefined && partOf(element) === part && isSeen(element)
  const before = visited.get(part)
  if (before !== undefined && before.isConnected && own(before)) return before
  for (const selector of starts) {
    const found = [...part.querySelectorAll<HTMLElement>(selector)].find(own)
    if (found) return found
  }
  return undefined
}

function isSeen(element: Element): boolean {
  return element.getClientRects().length > 0
}
