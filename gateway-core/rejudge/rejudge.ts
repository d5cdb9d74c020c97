import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { FactSource } from '../pipeline/facts.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { Decision } from '../pipeline/runner.ts'
import { judgeTraffic } from './judge-traffic.ts'
import type { Dialogue } from './dialogue.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import type { MessageAsStored } from './recorded-message.ts'
import { recordedFacts } from './shared-facts.ts'
import { RecordsTraffic } from './traffic.ts'

/** What an exchange meets when it is judged again. */
export interface Rejudged {
  id: string
  verdict: 'pass' | Decision['verdict']
  decidedBy?: string
  code?: string
  trace: readonly TraceEntry[]
  /** Its messages, where they were given. */
  messages?: readonly RejudgedMessage[]
}

/** What a message of a WebSocket or an event stream meets. */
export interface RejudgedMessage {
  number: number
  trace: readonly TraceEntry[]
  /** What goes on; absent where it ends the exchange. */
  sent?: Uint8Array
}

export interface RejudgeOptions {
  /** Facts of an exchange; default: those it recorded. */
  facts?: (recorded: RecordedExchange) => FactSource
  /** Messages of an exchange in their order; without it none are judged. */
  messages?: (exchange: string) => readonly MessageAsStored[]
}

/**
 * Judges recorded exchanges by a workspace's policies, every step at its recorded place in the global order and at its
 * recorded time, on recorded facts. Nothing is reused from the record: every step runs.
 */
export async function rejudge(
  workspace: Workspace,
  records: readonly ExchangeRecord[],
  options: RejudgeOptions = {},
): Promise<Rejudged[]> {
  const results: Rejudged[] = []
  await judgeTraffic({
    workspace,
    traffic: new RecordsTraffic(records, options.messages),
    recordedUnder: () => undefined,
    facts: options.facts ?? recordedFacts,
    reuse: false,
    everyStep: true,
    tracing: true,
    judged: (at, judged, run) => {
      const { id } = records[at]!
      if (!run) {
        const missing = judged.missing === undefined ? {} : { verdict: 'undecidable' as const }
        results[at] = { id, verdict: 'pass', trace: [], ...missing }
        return
      }
      const { decision, trace } = run.run
      const result: Rejudged = { id, verdict: decision?.verdict ?? 'pass', trace }
      if (decision) result.decidedBy = decision.decidedBy
      if (decision && 'code' in decision) result.code = decision.code
      if (run.dialogue) result.messages = messagesOf(run.dialogue)
      results[at] = result
    },
  })
  return results
}

function messagesOf({ heard }: Dialogue): RejudgedMessage[] {
  return Array.from(heard, ([number, { trace, decision, body }]) => {
    return decision ? { number, trace } : { number, trace, sent: body.bytes }
  })
}
