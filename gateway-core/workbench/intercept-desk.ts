import { isUtf8 } from 'node:buffer'
import type { RawHeaders } from '../exchange.ts'
import type { ReplayRequest } from '../protocol/replay-request.ts'
import type { Held, WrittenMessage } from '../intercept/held.ts'
import { explainRule } from '../intercept/explain.ts'
import { valuesOf } from '../intercept/framing.ts'
import { type HeldView, sealedIn, unmask, viewOf } from '../intercept/held-view.ts'
import { Interceptor } from '../intercept/interceptor.ts'
import {
  type Connection,
  editableBytes,
  type HeldMessage,
  type HeldRow,
  type InterceptState,
} from '../protocol/intercept.ts'
import type { Params } from '../protocol/protocol.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import { readQuery } from '../capture/readings.ts'
import { Sealer } from '../capture/sealer.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import { checkWritten } from './written-message.ts'
import { KeptBreakpoints } from './kept-breakpoints.ts'
import { Pace } from './pace.ts'

/** How often screens hear of changes, in ms. */
const tellMs = 100
/** How long breakpoints hold without a screen, in ms: a page that is loaded anew and a core that starts are soon seen. */
const unseenMs = 10_000
const unseen = 'no screen of the workbench was open to see it'

export type WrittenEdit = Params<'intercept.respond'>['response'] | NonNullable<Params<'intercept.resume'>['request']>

/** What stands behind the Intercept screens of an open workspace. */
export class InterceptDesk {
  readonly interceptor: Interceptor
  readonly #kept: KeptBreakpoints
  readonly #pace: Pace
  readonly #since = Date.now()
  readonly #unseenMs: number
  #leaving: NodeJS.Timeout | undefined

  /** `graceMs`: how long breakpoints hold without a screen. */
  constructor(folder: string, tell: (state: InterceptState) => void, graceMs = unseenMs) {
    this.#unseenMs = graceMs
    this.#pace = new Pace(tellMs, () => {
      this.#kept.keep()
      tell(this.state())
    })
    this.interceptor = new Interceptor(() => this.#pace.ask(), { messages: true })
    this.#kept = new KeptBreakpoints(folder, this.interceptor)
  }

  state(): InterceptState {
    const { breakpoints, rules, held, passed, messages } = this.interceptor
    return {
      breakpoints: breakpoints.map(({ id, settings, hits, unseen: missed, unknown }) => {
        const { query, on, enabled, once, limitMs } = settings
        return { id, query, on, enabled, once, seconds: Math.round(limitMs / 1000), hits, unseen: missed, unknown }
      }),
      rules: rules.rules.map(({ rule, hits }) => ({
        name: rule.name,
        explain: explainRule(rule),
        match: rule.match,
        enabled: rule.enabled,
        hits,
        file: rule.position.file,
        line: rule.position.line,
      })),
      held: held.length,
      connections: messages.connections.length,
      passed,
      since: this.#since,
      now: Date.now(),
    }
  }

  /** How many screens are open. Without one for a while, nothing is held: nobody could let it go. */
  seenBy(screens: number): void {
    clearTimeout(this.#leaving)
    if (screens > 0) this.interceptor.unseen = undefined
    else this.#leaving = setTimeout(() => (this.interceptor.unseen = unseen), this.#unseenMs).unref()
  }

  rows(from: number, count: number, key: WorkspaceKey): HeldRow[] {
    return this.interceptor.held.slice(from, from + count).map((held) => rowOf(held, key))
  }

  async message(id: number, key: WorkspaceKey, secrets: boolean): Promise<HeldMessage> {
    const held = this.#find(id)
    const { message } = held
    const view = await viewOf(held, key, secrets, editableBytes)
    return {
      ...rowOf(held, key),
      start: view.start,
      headers: [...view.headers],
      httpVersion: message.draft.httpVersion,
      body: bodyOf(view, held),
      masked: view.masked,
    }
  }

  /** Lets messages go on; with an edit, the first of them goes on as edited. */
  async resume(ids: readonly number[], edit: WrittenEdit | undefined, key: WorkspaceKey): Promise<number> {
    if (!edit) return this.#end(ids, { kind: 'resumed' })
    const held = this.#find(ids[0] ?? -1)
    const message = await this.#written(held, edit, key)
    return this.#end([held.id], { kind: 'edited', message })
  }

  /** Lets one message of a WebSocket or an event stream go on with another content. */
  async resumeMessage(id: number, body: { base64: string; coded: boolean }, key: WorkspaceKey): Promise<number> {
    const held = this.#find(id)
    if (held.message.kind !== 'message') throw refused('this is not a single message')
    const view = await viewOf(held, key, false, editableBytes)
    const bytes = checkWritten.body(body.base64, (text) => unmask(text, view))
    if (held.message.from.kind !== 'binary' && !isUtf8(bytes)) throw refused('a text message has to be UTF-8')
    const message: WrittenMessage = { start: held.message.draft.start, headers: [], body: { bytes, coded: true } }
    return this.#end([id], { kind: 'edited', message })
  }

  connections(): Connection[] {
    return this.interceptor.messages.connections.map(({ id, kind, url, openedAt }) => ({
      exchange: id,
      kind,
      url,
      openedAt,
    }))
  }

  /** Sends a message into an open WebSocket, or an event into an event stream. */
  async inject({ exchange, side, kind, base64, name }: Params<'intercept.inject'>): Promise<void> {
    const connection = this.interceptor.messages.connections.find(({ id }) => id === exchange)
    if (!connection) throw refused('this connection is not open any more', 'choose another')
    const events = connection.kind === 'events'
    if (events !== (kind === 'event')) throw refused('an event goes into an event stream, a message into a WebSocket')
    if (events && side === 'request') throw refused('events only come from the upstream')
    if (name !== undefined && /[\r\n\0]/.test(name)) throw refused('the name of an event is one line')
    const bytes = Buffer.from(base64, 'base64')
    if (kind !== 'binary' && !isUtf8(bytes))
      throw refused('a text has to be UTF-8', kind === 'text' ? 'send it as binary' : undefined)
    await connection.inject({ side, kind, bytes, name })
  }

  async respond(id: number, edit: WrittenEdit, key: WorkspaceKey): Promise<number> {
    const held = this.#find(id)
    const message = await this.#written(held, edit, key, 'response')
    const { start, headers, body } = message
    if (!('status' in start)) throw refused('an answer has a status')
    if (held.message.kind === 'message') throw refused('a single message cannot be answered', 'edit it, or drop it')
    if (held.side === 'response') {
      const whole = { start, headers, body: body ?? { bytes: new Uint8Array(), coded: true } }
      return this.#end([id], { kind: 'edited', message: whole })
    }
    const bytes = body ? await checkWritten.encode(body, headers) : new Uint8Array()
    return this.#end([id], { kind: 'answered', answer: { ...start, headers, body: bytes } })
  }

  /** A held request as it stands in the editor, to be sent again by hand. */
  async asReplay(id: number, edit: WrittenEdit, key: WorkspaceKey): Promise<ReplayRequest> {
    const held = this.#find(id)
    const { start, headers, body } = await this.#written(held, edit, key)
    if (!('method' in start)) throw refused('only a request can be sent again')
    const { draft } = held.message
    const bytes = body ? await checkWritten.encode(body, headers) : (draft.wire ?? new Uint8Array())
    return {
      method: start.method,
      url: start.target,
      version: '1.1',
      headers: pairsOf(headers),
      body: bytes.length === 0 ? null : replayBody(bytes),
      settings: { length: 'follow', redirects: 0, timeoutMs: 30_000, literal: true },
    }
  }

  drop(ids: readonly number[]): number {
    return this.#end(ids, { kind: 'dropped' })
  }

  all(): number[] {
    return this.interceptor.held.map(({ id }) => id)
  }

  extend(id: number): void {
    this.#find(id).extend()
    this.#pace.ask()
  }

  /** A breakpoint was set, changed or taken away: the next start knows it too. */
  changed(): InterceptState {
    this.#kept.keep()
    return this.state()
  }

  close(): void {
    clearTimeout(this.#leaving)
    this.#pace.stop()
    this.#kept.keep()
  }

  async #written(
    held: Held,
    edit: WrittenEdit,
    key: WorkspaceKey,
    side: Held['side'] = held.side,
  ): Promise<WrittenMessage> {
    const view = await viewOf(held, key, false, editableBytes)
    const message = checkWritten.read(edit, (text) => unmask(text, view), side)
    await checkWritten.judge(held, message)
    return message
  }

  #end(ids: readonly number[], release: Parameters<Held['end']>[0]): number {
    return ids.filter((id) => this.interceptor.find(id)?.end(release)).length
  }

  #find(id: number): Held {
    const held = this.interceptor.find(id)
    if (held) return held
    throw new RpcError({
      code: 'NOT_FOUND',
      message: 'this message is not held any more',
      todo: 'its time was over, its client left, or somebody else let it go',
    })
  }
}

function pairsOf(headers: RawHeaders): { name: string; value: string }[] {
  return headers.flatMap((name, at) => (at % 2 === 0 ? { name, value: headers[at + 1]! } : []))
}

function replayBody(bytes: Uint8Array): ReplayRequest['body'] {
  if (isUtf8(bytes)) return { kind: 'text', text: Buffer.from(bytes).toString('utf8') }
  return { kind: 'bytes', base64: Buffer.from(bytes).toString('base64') }
}

function rowOf(held: Held, key: WorkspaceKey): HeldRow {
  const { id, message, about, breakpoint, since, until } = held
  return {
    id,
    exchange: message.from.id,
    side: message.side,
    since,
    until,
    method: about.method,
    host: about.host,
    url: readQuery(about.url, sealedIn(message), new Sealer(key, 0)).text,
    ...(message.kind === 'message'
      ? { message: message.from.kind }
      : message.side === 'response' && { status: message.draft.start.status }),
    why: breakpoint.settings.query,
  }
}

function bodyOf(view: HeldView, { message }: Held): HeldMessage['body'] {
  const { body } = view
  const { draft } = message
  if (!body || !draft.wire) {
    const has =
      message.kind === 'http' && (message.side === 'request' ? message.from.message.hasBody : message.from.hasBody)
    return { state: has ? 'streams' : 'none' }
  }
  if (body.hidden) return { state: 'hidden', bytes: draft.wire.length }
  const about = {
    coded: body.coded,
    coding: valuesOf(draft.headers, 'content-encoding').join(', ') || null,
    contentType: valuesOf(draft.headers, 'content-type')[0] ?? null,
  }
  if (body.long !== undefined) return { state: 'long', bytes: body.long, ...about }
  const base64 = Buffer.from(body.bytes).toString('base64')
  return { state: 'whole', base64, ...about, masked: body.masked, bytes: draft.wire.length }
}
