/**
 * A function that runs a task at most once in each interval: at once when the last run is long ago, else when the
 * interval is over. However often it is called, the last call is always served.
 */
export function paced(intervalMs: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = -intervalMs
  const now = () => {
    timer = undefined
    last = performance.now()
    run()
  }
  return () => {
    if (timer !== undefined) return
    const wait = last + intervalMs - performance.now()
    if (wait <= 0) now()
    else timer = setTimeout(now, wait)
  }
}
