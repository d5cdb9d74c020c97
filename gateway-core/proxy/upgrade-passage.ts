import http from 'node:http'
import type { Socket } from 'node:net'
import type { ExchangeVerdict } from '../capture/record.ts'
import type { DenialCode } from '../errors.ts'
import type { RawHeaders } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import type { GatewayResponse } from '../pipeline/outcome.ts'
import { CarriedExchange } from './carried-exchange.ts'
import { closeGently } from './connection.ts'
import type { Engine } from './engine.ts'
import { forwardedPath, headersFor } from './forward-call.ts'
import { clientHeaders } from './forward-headers.ts'
import type { InboundUpgrade } from './inbound.ts'
import type { WrittenResponse } from './holds.ts'
import type { Origin } from './origin.ts'
import { refusalFields, refusalOf } from './own-refusals.ts'
import { answerOf, denialResponse, messageOf } from './own-response.ts'
import { MessageDesk } from './messages/message-desk.ts'
import { WebSocketChannel } from './messages/websocket-channel.ts'
import { type TunnelAnswer, type TunnelEnd, tunnel } from './upgrade.ts'

/** How long a client may take to read the answer that it got instead of a tunnel. */
const lingerMs = 2_000
/** Largest message where the workspace sets no limit for bodies, in bytes. */
const messageBytes = 16 * 1024 * 1024

/** The path of one WebSocket handshake: judged like any request, then a tunnel of bytes. Recorded when it opens and when it ends. */
export class UpgradePassage extends CarriedExchange {
  readonly inbound: InboundUpgrade
  readonly client = { headSent: false }

  constructor(engine: Engine, inbound: InboundUpgrade, origin?: Origin) {
    super(engine, inbound, 'websocket', origin)
    this.inbound = inbound
  }

  start(): void {
    const { socket } = this.inbound
    const left = () => this.record('aborted')
    socket.once('close', left)
    const judged = async () => {
      await this.run?.run('requestHeaders')
      if (socket.destroyed) return
      socket.removeListener('close', left)
      if (this.run?.decision) await this.#answer(answerOf(this.run.decision, this.exchange.id))
      else this.#forward()
    }
    judged().catch((error: unknown) => {
      this.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.refusedWith = 'INTERNAL_ERROR'
      this.#write(denialResponse('INTERNAL_ERROR', this.exchange.id))
      this.record('error')
    })
  }

  /** Ends the connection without an answer, because somebody wants it so. */
  breakOff(why: string, verdict: ExchangeVerdict): void {
    this.error = why
    this.inbound.socket.destroy()
    this.record(verdict)
  }

  /** Gives the client an answer that nobody judges, in the place of a tunnel. */
  answerAs({ status, reason, headers, body }: WrittenResponse): void {
    const list = new HeaderList(headers)
    this.exchange.response = { status, reason, headers: list, from: 'gateway' }
    this.responseBytes = body
    this.#write({ status, headers: [...list.entries()], body: Buffer.from(body).toString('latin1') }, 'latin1')
    this.record('respond')
  }

  /** Refuses a handshake that somebody edited until it was none. */
  refuseAs(code: DenialCode): void {
    this.#refuse(code)
  }

  #forward(): void {
    const { engine, exchange, inbound } = this
    const refused = refusalOf(this, 0, undefined)
    if (refused) return this.#refuse(refused)
    const { pools } = this
    const target = pools?.pick(() => this.draw())
    if (!pools || !target) return this.#refuse('NO_UPSTREAM')
    this.target = target
    this.forwardedPath = forwardedPath(this, target)
    let cut: () => void = () => undefined
    cut = tunnel({
      id: exchange.id,
      socket: inbound.socket,
      firstBytes: inbound.firstBytes,
      target: new URL(target.origin),
      path: this.forwardedPath,
      headers: this.#offered(headersFor(engine, inbound, exchange, target, this.route?.preserveHost ?? true)),
      tls: pools.upstream.tls,
      ...(target.tunnelAgent && { agent: target.tunnelAgent }),
      timeoutMs: pools.upstream.timeoutMs,
      onOpen: (status, headers) => this.#opened(status, headers),
      onRefused: (answer) => this.#refusedByUpstream(answer),
      ...(this.#readsMessages() && { carry: (client: Socket, server: Socket) => this.#carry(client, server) }),
      onClose: (end) => {
        engine.tunnels.delete(cut)
        this.#ended(end)
      },
    })
    engine.tunnels.add(cut)
  }

  /** Messages are read where somebody wants them: a policy, the capture, a person who holds them. Else bytes are carried. */
  #readsMessages(): boolean {
    const { recorder, messageHolds } = this.engine.around
    return this.plan.phases.message.length > 0 || recorder?.message !== undefined || messageHolds !== undefined
  }

  /** No extension is offered to the upstream where messages are read: whatever it would do to them, we would have to undo. */
  #offered(headers: string[]): string[] {
    if (!this.#readsMessages()) return headers
    return headers.filter((_, at) => headers[at - (at % 2)]!.toLowerCase() !== 'sec-websocket-extensions')
  }

  #carry(client: Socket, upstream: Socket): void {
    const desk = new MessageDesk(this)
    const channel = new WebSocketChannel({
      client,
      upstream,
      maxBytes: this.engine.workspace.limits.bodyBytes ?? messageBytes,
      judge: (message) => desk.receive(message),
      onClose: (side, code, reason) => desk.closed(side, code, reason),
      onFault: (side, fault) => {
        this.error ??= `the ${side === 'request' ? 'client' : 'upstream'} broke the WebSocket protocol: ${fault}`
      },
    })
    const { messageHolds } = this.engine.around
    if (!messageHolds?.opened) return
    const gone = messageHolds.opened(this, 'websocket', async ({ side, kind, bytes }) => {
      const fate = await desk.inject({ side, kind, bytes })
      if (fate.kind === 'send') channel.inject({ side, kind: kind === 'binary' ? kind : 'text', bytes: fate.bytes })
      else if (fate.kind === 'close') channel.close(fate.code, fate.reason)
    })
    client.once('close', gone)
  }

  #opened(status: number, raw: RawHeaders): RawHeaders {
    this.client.headSent = true
    const { timeline } = this.engine.around
    this.upstreamMicros = timeline.micros() - this.startMicros
    const headers = this.#judgeResponse(status, 'Switching Protocols', raw)
    this.recordOpen()
    return headers
  }

  #refusedByUpstream(answer: TunnelAnswer): undefined {
    this.client.headSent = true
    this.error = answer.error && `${this.target?.origin}: ${answer.error}`
    this.refusedWith = answer.code
    this.#judgeResponse(answer.status, answer.reason, answer.headers, answer.from)
    return undefined
  }

  /** Response phases of a handshake answer at once; one that waits for the world is not waited for. */
  #judgeResponse(
    status: number,
    reason: string,
    raw: RawHeaders,
    from: 'upstream' | 'gateway' = 'upstream',
  ): RawHeaders {
    const headers = new HeaderList(from === 'upstream' ? clientHeaders(raw, this.observed === undefined) : raw)
    this.exchange.response = { status, reason, headers, from }
    this.upstreamResponse = from === 'upstream' ? this.exchange.response : undefined
    void this.run?.run('responseHeaders')
    return this.exchange.response.headers.raw
  }

  #ended(end: TunnelEnd): void {
    if (end.body.length > 0) this.responseBytes = end.body
    this.error ??= end.error
    const opened = this.exchange.response?.status === 101
    this.record(this.refusedWith ? 'failed' : this.exchange.response && (opened || !end.error) ? undefined : 'aborted')
  }

  #refuse(code: DenialCode): void {
    this.refusedWith = code
    void this.#answer(denialResponse(code, this.exchange.id, refusalFields(code, this.allowedMethods)))
  }

  async #answer(own: GatewayResponse): Promise<void> {
    const { exchange } = this
    exchange.response = messageOf(own)
    await this.run?.run('responseHeaders')
    if (exchange.response.body) await this.run?.run('responseBody')
    this.run?.noteUnreached()
    const { status, headers, body } = exchange.response
    const bytes = body?.bytes ?? new Uint8Array()
    this.#write({ status, headers: [...headers.entries()], body: bytes })
    this.responseBytes = bytes
    this.record()
  }

  #write({ status, headers, body = '' }: GatewayResponse, encoding: BufferEncoding = 'utf8'): void {
    this.client.headSent = true
    const bytes = typeof body === 'string' ? Buffer.from(body, encoding) : body
    const lines = [`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}`]
    for (const [name, value] of headers) if (name.toLowerCase() !== 'content-length') lines.push(`${name}: ${value}`)
    lines.push(`Content-Length: ${bytes.length}`, 'Connection: close', '', '')
    const head = Buffer.from(lines.join('\r\n'), 'latin1')
    closeGently(this.inbound.socket as Socket, lingerMs, Buffer.concat([head, bytes]))
  }
}
