import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { InterceptionView } from '../intercept/interception.tsx'
import { instanceName, plural } from '../ui/format.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { Segments } from '../ui/tabs.tsx'
import { useState } from 'react'
import { BodyDiff } from './body-diff.tsx'
import { type Compared, comparedRequest, comparedResponse } from './message-changes.ts'
import { SealedText } from './sealed-text.tsx'
import './changes.css'

/** What policies changed, original beside modified, and which policy it was. */
export function Changes({ detail }: { detail: ExchangeDetail }) {
  const { exchange } = detail
  const request = comparedRequest(exchange)
  const response = comparedResponse(exchange)
  if (!request && !response && !exchange.intercepted) {
    return (
      <EmptyState title="Nothing was changed">
        {detail.upstreamCalled
          ? 'No policy changed the request or the response: both went through as they came.'
          : 'The request was not sent on, and the gateway made the response by itself.'}
      </EmptyState>
    )
  }
  return (
    <div className="exchange-body">
      <InterceptionView detail={detail} />
      {request && (
        <Pair
          title="Request"
          from="from the client"
          to="to the upstream"
          compared={request}
          detail={detail}
          of="request"
        />
      )}
      {response && (
        <Pair
          title="Response"
          from="from the upstream"
          to="to the client"
          compared={response}
          detail={detail}
          of="response"
        />
      )}
    </div>
  )
}

interface PairProps {
  title: string
  from: string
  to: string
  compared: Compared
  detail: ExchangeDetail
  of: 'request' | 'response'
}

function Pair({ title, from, to, compared, detail, of }: PairProps) {
  const [all, setAll] = useState<'changed' | 'all'>('changed')
  const changed = compared.lines.filter(({ same }) => !same)
  const shown = all === 'all' ? compared.lines : changed
  return (
    <section className="changes" aria-label={title}>
      <div className="exchange-heading">
        <h3>{title}</h3>
        <span className="faint">
          {changed.length === 0 ? 'no header changed' : plural(changed.length, 'line')}
          {compared.bodyChanged && ', body changed'}
        </span>
        <span className="grow" />
        <Segments
          label={`Lines of the ${of}`}
          value={all}
          onChange={setAll}
          options={[
            { id: 'changed', title: 'Changed' },
            { id: 'all', title: 'All lines' },
          ]}
        />
      </div>
      <table className="compared">
        <thead>
          <tr>
            <th scope="col">{from}</th>
            <th scope="col">{to}</th>
            <th scope="col">by</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((line, at) => (
            <tr key={at} className={line.same ? 'dim' : undefined}>
              <Cell name={line.name} value={line.original} kind={line.same ? undefined : 'del'} />
              <Cell name={line.name} value={line.modified} kind={line.same ? undefined : 'add'} />
              <td className="compared-by">{line.same ? '' : authorOf(line.name, detail, of)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {compared.bodyChanged && (
        <BodyDiff
          detail={detail}
          before={of === 'request' ? 'request' : 'upstreamResponse'}
          after={of === 'request' ? 'forwarded' : 'response'}
        />
      )}
    </section>
  )
}

function Cell({ name, value, kind }: { name: string; value: string | undefined; kind: 'add' | 'del' | undefined }) {
  if (value === undefined) return <td className="faint compared-none">–</td>
  return (
    <td className={kind ? `compared-${kind}` : undefined}>
      <code>
        {name !== '' && <span className="dim">{visible(name, 100)}: </span>}
        <SealedText text={value} most={600} />
      </code>
    </td>
  )
}

/** Policies that changed the field, in run order. What the gateway does by itself (hop-by-hop fields) has no policy. */
function authorOf(name: string, { exchange }: ExchangeDetail, of: 'request' | 'response'): string {
  const touches = (entry: TraceEntry) =>
    entry.phase.startsWith(of) &&
    (entry.changes ?? []).some((change) =>
      name === ''
        ? /path|query|status/.test(change.kind)
        : 'name' in change && change.name.toLowerCase() === name.toLowerCase(),
    )
  const names = exchange.trace.filter(touches).map(({ policy }) => visible(instanceName(policy), 60))
  return names.length === 0 ? 'gateway' : [...new Set(names)].join(', ')
}
