/** Asks for a check of the newest text, not of every keystroke. */
export interface Checker<A> {
  /** Asks for `text` to be checked soon. What was asked before is forgotten, and its answer is dropped. */
  check(text: string): void
  /** Asks at once, without waiting for a pause. */
  checkNow(text: string): void
  cancel(): void
  /** Whether an answer is still to come. */
  readonly pending: boolean
  readonly types?: A
}

/**
 * A checker that waits for a pause of `pause` ms. One check runs at a time; while it runs only the newest text is
 * kept, so a slow core is never flooded. Answers for a text that is no longer the newest are dropped.
 */
export function createChecker<A>(options: {
  pause: number
  ask(text: string): Promise<A>
  answer(answer: A, text: string): void
  failed(error: unknown): void
  /** A newer text came while a check runs: nobody waits for its answer any more. */
  superseded?(): void
  setTimer?: (run: () => void, ms: number) => unknown
  clearTimer?: (timer: never) => void
}): Checker<A> {
  const setTimer = options.setTimer ?? ((run, ms) => setTimeout(run, ms))
  const clearTimer = (options.clearTimer ?? ((timer) => clearTimeout(timer as never))) as (timer: unknown) => void
  let timer: unknown
  let newest = 0
  let waiting: { text: string; number: number } | undefined
  let running = false

  const run = async () => {
    if (running || !waiting) return
    const { text, number } = waiting
    waiting = undefined
    running = true
    try {
      const answer = await options.ask(text)
      if (number === newest) options.answer(answer, text)
    } catch (error) {
      if (number === newest) options.failed(error)
    } finally {
      running = false
      if (waiting && timer === undefined) void run()
    }
  }
  const stop = () => {
    if (timer !== undefined) clearTimer(timer)
    timer = undefined
  }
  const want = (text: string, pause: number) => {
    stop()
    newest++
    waiting = { text, number: newest }
    if (running) options.superseded?.()
    if (pause === 0) return void run()
    timer = setTimer(() => {
      timer = undefined
      void run()
    }, pause)
  }
  return {
    check: (text) => want(text, options.pause),
    checkNow: (text) => want(text, 0),
    cancel: () => {
      stop()
      newest++
      waiting = undefined
      if (running) options.superseded?.()
    },
    get pending() {
      return running || waiting !== undefined
    },
  }
}
