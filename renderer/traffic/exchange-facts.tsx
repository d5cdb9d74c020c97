import type { ReactNode } from 'react'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { dateText } from '../ui/format.ts'

/** What else is known of the exchange: who, when, where to, by which revision. */
export function ExchangeFacts({ exchange }: { exchange: ExchangeDetail['exchange'] }) {
  const { consumer, clientAddress, peer, route, upstream, revision, environment, request, secrets } = exchange
  const facts: [string, ReactNode][] = [
    ['When', <span className="num">{dateText(exchange.startedAt)}</span>],
    [
      'Client',
      <>
        {clientAddress}
        {peer.address !== clientAddress && <span className="dim"> by way of {peer.address}</span>}
        {consumer && (
          <>
            {' · '}
            <b>{visible(consumer.name, 80)}</b>
            {consumer.groups.length > 0 && <span className="dim"> in {visible(consumer.groups.join(', '), 200)}</span>}
          </>
        )}
      </>,
    ],
    ['Route', route ? <code>{visible(route.id, 200)}</code> : 'none matched'],
  ]
  if (upstream) facts.push(['Upstream', <code>{visible(`${upstream.name} ${upstream.url}`, 300)}</code>])
  facts.push(
    [
      'Message',
      `HTTP/${visible(request.httpVersion, 10)} over ${request.scheme}${exchange.upgrade ? ', upgraded to WebSocket' : ''}`,
    ],
    [
      'Judged by',
      <>
        revision <code>{revision.slice(0, 7)}</code>
        {environment !== undefined && `, environment ${visible(environment, 60)}`}
      </>,
    ],
    ['Id', <code>{exchange.id}</code>],
  )
  if (secrets === 'sealed') facts.push(['Secrets', 'sealed: what stands in ⟦…⟧ was forgotten or is kept encrypted'])
  return (
    <>
      <div className="exchange-heading">
        <h3>The exchange</h3>
      </div>
      <dl className="facts">
        {facts.map(([title, value]) => (
          <Fact key={title} title={title}>
            {value}
          </Fact>
        ))}
      </dl>
    </>
  )
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  )
}
