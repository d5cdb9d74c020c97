import type { Body, Place, StreamMessage } from '../../exchange.ts'
import type { TraceEntry } from '../../pipeline/outcome.ts'
import type { Decision, Run } from '../../pipeline/runner.ts'

/** What the `message` phase came to for one message. */
export interface JudgedMessage {
  /** Its own steps. */
  readonly trace: readonly TraceEntry[]
  /** Places in it to seal. */
  readonly sealed: readonly Place[]
  /** What goes on, where nothing was decided. */
  readonly body: Body
  /** Ends the exchange. */
  readonly decision: Decision | undefined
}

/**
 * Takes the messages of one exchange through its run, one at a time, live and when they are judged again. Between
 * `begin` and `end` the caller runs the `message` phase. The steps stand with the message; in the trace of the exchange
 * stands once each thing that a policy came to, so that queries and coverage find it.
 */
export class MessageStand {
  readonly #run: Run
  #known = 0
  #sealed: readonly Place[] = []
  #seen: Set<string> | undefined

  constructor(run: Run) {
    this.#run = run
  }

  begin(message: StreamMessage): void {
    const { exchange, trace } = this.#run
    this.#known = trace.length
    this.#sealed = exchange.sealed
    exchange.sealed = []
    exchange.message = message
  }

  end(): JudgedMessage {
    const { exchange, trace: all, decision } = this.#run
    const trace = all.splice(this.#known)
    const { sealed } = exchange
    const { body } = exchange.message!
    exchange.sealed = this.#sealed
    exchange.message = undefined
    for (const entry of trace) {
      if (this.#isNew(entry)) all.push(entry.policy === decision?.decidedBy ? entry : bare(entry))
    }
    return { trace, sealed, body, decision }
  }

  #isNew({ policy, verdict, code, reason }: TraceEntry): boolean {
    const key = `${policy} ${verdict} ${code} ${reason}`
    this.#seen ??= new Set()
    const { size } = this.#seen
    return this.#seen.add(key).size > size
  }
}

/** What it saw and changed stands with the message. */
function bare(entry: TraceEntry): TraceEntry {
  const copy = { ...entry }
  delete copy.evidence
  delete copy.changes
  delete copy.learned
  return copy
}
