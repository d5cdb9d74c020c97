/** Where menus and hints are put: a named part of the page, so that screen readers know where they are. */
export function layers(): HTMLElement | null {
  return document.getElementById('layers')
}
