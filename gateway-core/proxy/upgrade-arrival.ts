import { drawFor } from './draw.ts'
import { asSentIn, editedHead } from './edited-head.ts'
import type { Engine } from './engine.ts'
import { exchangeId } from './exchange-id.ts'
import type { ArrivedRequest, Holds, RequestDecision } from './holds.ts'
import type { InboundUpgrade } from './inbound.ts'
import type { Origin } from './origin.ts'
import { requestOfHead } from './request-of-head.ts'
import { isRefusal } from './strict.ts'
import { UpgradePassage } from './upgrade-passage.ts'

/** Takes a WebSocket handshake while somebody may hold it; it is routed once it goes on. */
export function arriveUpgrade(engine: () => Engine, inbound: InboundUpgrade, holds: Holds): void {
  const { timeline } = engine().around
  const startedAt = timeline.now()
  const origin: Origin = { id: exchangeId(startedAt), startedAt, startMicros: timeline.micros() }
  const gone = new AbortController()
  const arrived: ArrivedRequest = {
    id: origin.id,
    startedAt,
    peer: inbound.peer,
    listener: inbound.listener,
    gone: gone.signal,
    asSent: asSentIn(engine(), inbound),
    workspace: engine().workspace,
    httpVersion: inbound.head.httpVersion,
    upgrade: 'websocket',
    message: requestOfHead(inbound.head),
    readBody: () => Promise.resolve(undefined),
    draw: (purpose) => drawFor(engine(), origin.id, purpose),
  }
  const decision = holds.request(arrived)
  if (decision === undefined) {
    new UpgradePassage(engine(), inbound, origin).start()
    return
  }
  const left = () => gone.abort(new Error('the client left'))
  inbound.socket.once('close', left)
  decision
    .then((decided) => {
      inbound.socket.removeListener('close', left)
      goOn(engine(), inbound, { ...origin, interception: decided.interception }, decided, gone.signal.aborted)
    })
    .catch((error: unknown) => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      new UpgradePassage(engine(), inbound, origin).breakOff(detail, 'error')
    })
}

function goOn(
  engine: Engine,
  inbound: InboundUpgrade,
  origin: Origin,
  decision: RequestDecision,
  clientLeft: boolean,
): void {
  const passage = (head = inbound.head) => new UpgradePassage(engine, { ...inbound, head }, origin)
  if (clientLeft) return passage().breakOff('the client left while the handshake was held', 'aborted')
  if (decision.go === 'drop') return passage().breakOff(decision.why, 'refused')
  if (decision.go === 'answer') return passage().answerAs(decision.answer)
  const { edit, instead } = decision
  if (instead?.kind === 'answer') return passage().answerAs(instead.answer)
  if (instead) {
    setTimeout(() => passage().breakOff(instead.why, 'failed'), instead.afterMs)
    return
  }
  if (!edit) return passage().start()
  const head = editedHead(inbound.head, edit, 0, engine.workspace.limits, asSentIn(engine, inbound))
  if (isRefusal(head)) return passage().refuseAs(head.code)
  if (head.upgrade !== 'websocket') return passage(head).refuseAs('UPGRADE_REFUSED')
  passage(head).start()
}
