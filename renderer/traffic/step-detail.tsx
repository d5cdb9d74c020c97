import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { Chip } from '../ui/chip.tsx'
import { verdictLook } from '../../gateway-core/verdict.ts'
import { denialHelp, denialTitle } from './decision.ts'
import { changeText } from './evidence-summary.ts'
import { EvidenceList } from './evidence.tsx'
import { PolicyLine } from './policy-line.tsx'
import './step-detail.css'

/** Everything that one step saw and did, and the line that made it. */
export function StepDetail({ entry, detail }: { entry: TraceEntry; detail: ExchangeDetail }) {
  const { tone, word } = verdictLook(entry.verdict)
  const learnsClaims = entry.learned?.claims ?? (entry.learned?.consumer && detail.exchange.claims)
  return (
    <div className="step">
      <div className="row">
        <Chip tone={tone}>{word}</Chip>
        {entry.mode === 'shadow' && <Chip>shadow mode: only tells</Chip>}
        <code className="faint cut" title={entry.policy}>
          {visible(entry.policy, 200)}
        </code>
      </div>
      {entry.code && (
        <div>
          {denialTitle(entry.code)} <code className="faint">{entry.code}</code>
          <div className="dim">{denialHelp(entry.code)}</div>
        </div>
      )}
      {entry.reason && <div>{visible(entry.reason, 400)}</div>}
      {entry.evidence && entry.evidence.length > 0 && <EvidenceList evidence={entry.evidence} />}
      {entry.learned?.consumer && (
        <div>
          Found the caller <b>{visible(entry.learned.consumer.name, 80)}</b>
          {entry.learned.consumer.groups.length > 0 && (
            <span className="dim">
              {' in '}
              <code>{visible(entry.learned.consumer.groups.join(', '), 200)}</code>
            </span>
          )}
        </div>
      )}
      {learnsClaims && <ClaimsTable claims={learnsClaims} />}
      {entry.changes && entry.changes.length > 0 && (
        <table className="claims">
          <tbody>
            {entry.changes.map((change, at) => {
              const { what, value } = changeText(change)
              return (
                <tr key={at}>
                  <th scope="row" className="step-change">
                    {what}
                  </th>
                  <td>{value !== undefined && <code>{value || '""'}</code>}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      <PolicyLine entry={entry} detail={detail} />
    </div>
  )
}

const timeClaims = new Set(['exp', 'nbf', 'iat', 'auth_time'])

function ClaimsTable({ claims }: { claims: Readonly<Record<string, unknown>> }) {
  return (
    <table className="claims">
      <caption className="only-read">Claims of the token</caption>
      <tbody>
        {Object.entries(claims).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">
              <code>{visible(name, 80)}</code>
            </th>
            <td>
              <code>{visible(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'), 400)}</code>
              {timeClaims.has(name) && typeof value === 'number' && <span className="faint"> {timeText(value)}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function timeText(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleString()
}
