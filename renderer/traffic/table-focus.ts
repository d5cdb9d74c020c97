let wanted = false

/** Goes into the table of exchanges. Where something is just looked for and nothing found yet, it is about to be there. */
export function focusTable(): void {
  const table = document.querySelector<HTMLElement>('.traffic-scroll')
  table?.focus()
  wanted = table === null
}

/** The table is there: whether somebody was on the way into it. */
export function takeTableFocus(): boolean {
  const was = wanted
  wanted = false
  return was
}
