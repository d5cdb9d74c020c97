/** Moments of a start, in the browser's own list of them: what the developer tools and the measurements of a start read. */
export type Mark = 'connected' | 'state' | 'rows'

const seen = new Set<Mark>()

/** Notes the first time that something happens. */
export function markOnce(name: Mark): void {
  if (seen.has(name)) return
  seen.add(name)
  performance.mark(`gatehouse:${name}`)
}
