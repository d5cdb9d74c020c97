import type { Connection } from './connection.ts'
import { exchangeId } from './exchange-id.ts'
import type { InboundContext, Refusal } from './inbound.ts'
import type { HeadRefusal } from './strict.ts'

/** Reports a refusal, or what happened to a connection without any exchange. Returns the exchange id it got. */
export function report(
  context: InboundContext,
  connection: Pick<Connection, 'listener' | 'peer'>,
  kind: Refusal['kind'],
  refusal: HeadRefusal,
  head?: Refusal['head'],
): string {
  const startedAt = context.now()
  const id = exchangeId(startedAt)
  context.handler.refused({
    kind,
    id,
    code: refusal.code,
    detail: refusal.detail,
    ...(refusal.offset === undefined ? {} : { offset: refusal.offset }),
    listener: connection.listener,
    peer: connection.peer,
    startedAt,
    ...(head ? { head } : {}),
  })
  return id
}
