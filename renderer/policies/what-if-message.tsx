import type { ExplainedMessage, MessageUnder } from '../../gateway-core/protocol/what-if.ts'
import { SealedText } from '../traffic/sealed-text.tsx'
import { messageTitle } from '../traffic/step-changes.ts'
import { bytesText, clockText } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'

/** The message of a WebSocket or an event stream that makes the difference: as it came, and what goes on by each version. */
export function MessageUnderBoth({ message }: { message: ExplainedMessage }) {
  const { kind, at, text, length, before, after } = message
  return (
    <section className="compare-message" aria-label={messageTitle(message)}>
      <p className="compare-facts dim">
        <b>{messageTitle(message)}</b>
        <span className="num">{clockText(at)}</span>
        <span>
          {kind}, {bytesText(length)}
        </span>
      </p>
      <dl className="facts">
        <dt>As it came</dt>
        <dd>{text === undefined ? <span className="faint">not there to be shown</span> : <Said text={text} />}</dd>
        <dt>Recorded</dt>
        <dd>
          <Under under={before} />
        </dd>
        <dt>By the edit</dt>
        <dd>
          <Under under={after} />
        </dd>
      </dl>
    </section>
  )
}

const ends = {
  sent: { verdict: 'pass', word: 'goes on as it came' },
  changed: { verdict: 'modify', word: 'goes on changed' },
  denied: { verdict: 'deny', word: 'ends the connection' },
  undecidable: { verdict: 'undecidable', word: 'cannot be told' },
} as const

function Under({ under: { end, text } }: { under: MessageUnder }) {
  const { verdict, word } = ends[end]
  return text === undefined ? <VerdictMark verdict={verdict}>{word}</VerdictMark> : <Said text={text} />
}

function Said({ text }: { text: string }) {
  return (
    <code>
      <SealedText text={text} most={600} />
    </code>
  )
}
