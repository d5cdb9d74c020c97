import { isDeepStrictEqual } from 'node:util'
import type { Body } from '../exchange.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Recalled, Run } from '../pipeline/runner.ts'
import { type JudgedMessage, MessageStand } from '../proxy/messages/judged-message.ts'
import type { Moment } from './follower.ts'
import { deniedInMessage } from './judged.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import {
  lacking,
  type MessageAsStored,
  type RecordedMessage,
  recordedMessage,
  sameContent,
  sentOf,
} from './recorded-message.ts'
import type { MessageEnd, SaidOtherwise } from './said-otherwise.ts'

/** After so many messages others have their turn. */
const atOnce = 500
/** So many messages are kept for a trace. */
const mostHeard = 5000

/** Messages of one exchange judged again, one after the other, by its run. Those behind one that is denied now are not. */
export class Dialogue {
  /** Those that end otherwise than recorded, in their order. */
  readonly said: SaidOtherwise[] = []
  /** What each message came to, by its number; only where traces are asked for. */
  readonly heard = new Map<number, JudgedMessage>()
  /** What lacks of the messages themselves. */
  missing: string | undefined
  /** The message that is judged. */
  current: RecordedMessage | undefined
  readonly #recorded: RecordedExchange
  readonly #messages: Iterator<MessageAsStored>
  readonly #run: Run
  readonly #stand: MessageStand
  readonly #tracing: boolean
  /** The message stands as it stood before the step of the record. */
  #inStep = true
  #number = 0
  #denied = false
  #judged = 0

  constructor(recorded: RecordedExchange, messages: Iterable<MessageAsStored>, run: Run, tracing: boolean) {
    this.#recorded = recorded
    this.#messages = messages[Symbol.iterator]()
    this.#run = run
    this.#stand = new MessageStand(run)
    this.#tracing = tracing
  }

  /** Whether others may go on before it does. */
  get rests(): boolean {
    return this.#judged > 0 && this.#judged % atOnce === 0
  }

  /** Ends the message before and goes to the next one; false when there is none. */
  next(): boolean {
    if (this.current) this.#end(this.current)
    this.current = undefined
    if (this.#run.decision) return false
    for (;;) {
      const { done, value } = this.#messages.next()
      if (done) {
        if (deniedInMessage(this.#recorded.context) && !this.#denied) this.missing = lacking.some
        return false
      }
      if (value.number !== ++this.#number) {
        this.missing = lacking.some
        return false
      }
      if (value.fate === 'denied') this.#denied = true
      const message = recordedMessage(value, this.#recorded.startedAt, this.#recorded.context)
      if (!message) continue
      this.current = message
      this.#judged++
      this.#inStep = true
      this.#stand.begin(message.message)
      this.#run.enter('message')
      return true
    }
  }

  /** When and where in the global order a step of the message is judged; `placeAt`: for a message that no policy saw. */
  momentOf(instance: PolicyInstance, least: Moment, placeAt: (now: number) => number): Moment {
    const { trace, at } = this.current!
    const entry = this.#recordOf(instance.id) ?? trace[0]
    const now = entry?.now ?? at
    const sequence = entry?.sequence ?? placeAt(at)
    return sequence >= least.sequence ? { now, sequence } : { now: Math.max(now, least.now), sequence: least.sequence }
  }

  /** What the record says of a step that the edit leaves alone, where that may stand for judging it. */
  recall(instance: PolicyInstance): Recalled | undefined {
    const entry = this.#inStep ? this.#recordOf(instance.id) : undefined
    if (!entry || entry.changes) return undefined
    const { verdict, code, reason = '', evidence = [], learned } = entry
    if (verdict === 'pass') return { verdict, evidence, ...(learned && { learned }) }
    if (verdict === 'would-deny') return { verdict: 'deny', code: code!, evidence }
    return verdict === 'skipped' ? { verdict, reason } : undefined
  }

  /** Told of a step that was judged: one that did something, or that did something then, makes another message of it. */
  judged(entry: TraceEntry): void {
    const was = this.#recordOf(entry.policy)
    if (entry.verdict !== 'pass' || entry.learned || (was && (was.verdict !== 'pass' || was.learned)))
      this.#inStep = false
  }

  #recordOf(policy: string): TraceEntry | undefined {
    return this.current!.trace.find((entry) => entry.policy === policy)
  }

  #end(message: RecordedMessage): void {
    const judged = this.#stand.end()
    const { number } = message
    if (this.#tracing && this.heard.size < mostHeard) this.heard.set(number, judged)
    const now = endOf(judged, message)
    if (!now) return
    const { side, kind } = message.message
    this.said.push({ number, side, kind, was: message.end, now })
  }
}

/** How a message ends; undefined: as it did. */
function endOf({ decision, body }: JudgedMessage, recorded: RecordedMessage): MessageEnd | undefined {
  const { end } = recorded
  if (!decision) {
    const now = sentOf(recorded, body)
    if (end.end !== 'sent') return now
    if (now.content === end.content) return undefined
    return now.content === undefined ? now : compared(recorded, now, body)
  }
  const { verdict, decidedBy } = decision
  if (verdict === 'undecidable') return { end: 'undecidable', missing: decision.missing, decidedBy }
  const code = 'code' in decision ? decision.code : undefined
  const now: MessageEnd = { end: 'denied', verdict, decidedBy, ...(code !== undefined && { code }) }
  return isDeepStrictEqual(now, end) ? undefined : now
}

/** Content that is known in part, or whose secrets are gone. */
function compared({ sent }: RecordedMessage, now: MessageEnd, body: Body): MessageEnd | undefined {
  if (!sent) return now
  const same = sameContent(sent, body.bytes)
  return same === undefined ? { end: 'undecidable', missing: lacking.sealed } : same ? undefined : now
}
