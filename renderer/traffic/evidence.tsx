import { detailText, observedText, placeText } from '../../gateway-core/evidence.ts'
import type { Evidence } from '../../gateway-core/exchange.ts'
import { visible } from '../../gateway-core/visible.ts'
import { LimiterGauge } from './limiter-gauge.tsx'
import './evidence.css'

const shownAtFirst = 4

/** What was seen and what was wanted, as sentences with the values in code type. */
export function EvidenceSentences({ evidence }: { evidence: readonly Evidence[] }) {
  const shown = evidence.slice(0, shownAtFirst)
  return (
    <>
      {shown.map((one, at) => (
        <p key={at} className="evidence">
          <Seen evidence={one} />
          {one.expected !== undefined && (
            <span className="dim">
              {' '}
              · wanted <code>{visible(one.expected, 400)}</code>
            </span>
          )}
        </p>
      ))}
      {evidence.length > shown.length && <p className="dim">and {evidence.length - shown.length} more, below</p>}
    </>
  )
}

function Seen({ evidence }: { evidence: Evidence }) {
  const { at, observed, secret } = evidence
  const place = placeText(at)
  if (secret) {
    return (
      <>
        Saw <b className="evidence-place">{place}</b> <span className="dim">(a secret, not shown)</span>
      </>
    )
  }
  if (observed === null) {
    return (
      <>
        Saw no <b className="evidence-place">{place}</b>
      </>
    )
  }
  return (
    <>
      Saw <b className="evidence-place">{place}</b>
      {observed !== undefined && (
        <>
          {' = '}
          <code>{observedText(observed)}</code>
        </>
      )}
    </>
  )
}

/** All that a step noted, each in the form that shows it best. */
export function EvidenceList({ evidence }: { evidence: readonly Evidence[] }) {
  return (
    <div className="evidence-list">
      {evidence.map((one, at) => (
        <EvidenceBlock key={at} evidence={one} />
      ))}
    </div>
  )
}

function EvidenceBlock({ evidence }: { evidence: Evidence }) {
  const { at, observed, expected, secret, detail } = evidence
  const limit = detail?.['limit']
  const remaining = detail?.['remaining']
  if (at.in === 'state' && typeof limit === 'number' && typeof remaining === 'number') {
    return <LimiterGauge limit={limit} remaining={remaining} rule={expected} detail={detail!} />
  }
  const injected = detail?.['rule'] !== undefined && typeof observed === 'string'
  return (
    <dl className="facts">
      <dt>{observed === null ? 'Missing' : 'Saw'}</dt>
      <dd>
        <b className="evidence-place">{placeText(at)}</b>
        {secret && <span className="dim"> (a secret, not shown)</span>}
        {observed !== undefined && observed !== null && (
          <>
            {' = '}
            {injected ? <Payload text={observed as string} at={at} /> : <ObservedValue value={observed} />}
          </>
        )}
      </dd>
      {expected !== undefined && (
        <>
          <dt>{at.in === 'client' && expected.startsWith('an address in ') ? 'Matched' : 'Wanted'}</dt>
          <dd>
            <code>{visible(at.in === 'client' ? expected.replace(/^an address in /, '') : expected, 400)}</code>
          </dd>
        </>
      )}
      {detail && Object.entries(detail).map(([name, value]) => <DetailLine key={name} {...detailText(name, value)} />)}
    </dl>
  )
}

function DetailLine({ title, text }: { title: string; text: string }) {
  return (
    <>
      <dt>{title.charAt(0).toUpperCase() + title.slice(1)}</dt>
      <dd>
        <code>{text}</code>
      </dd>
    </>
  )
}

function ObservedValue({ value }: { value: NonNullable<Evidence['observed']> }) {
  return <code>{observedText(value)}</code>
}

/** The piece that looks like an attack, marked. The shown text begins up to 20 characters before it. */
function Payload({ text, at }: { text: string; at: Evidence['at'] }) {
  const span = 'span' in at ? at.span : undefined
  if (!span) return <code className="payload">{visible(text, 400)}</code>
  const lead = text.startsWith('…') ? 21 : span[0]
  const length = span[1] - span[0]
  return (
    <code className="payload">
      {visible(text.slice(0, lead), 400)}
      <mark>{visible(text.slice(lead, lead + length), 400)}</mark>
      {visible(text.slice(lead + length), 400)}
    </code>
  )
}
