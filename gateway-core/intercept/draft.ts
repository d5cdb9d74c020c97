import { isUtf8 } from 'node:buffer'
import type { ExchangeRecord, OriginalMessage, RecordedBody } from '../capture/record.ts'
import type { RawHeaders } from '../exchange.ts'
import type { AnsweredResponse, ArrivedRequest, RequestEdit, ResponseEdit } from '../proxy/holds.ts'
import { contentOf, encodeContent } from './coding.ts'
import { followLength } from './framing.ts'

/** Most of an original body that is kept beside the changed one, in bytes. */
const originalBytes = 64 * 1024

/** The start of a message: `target` for requests, `status` and `reason` for responses. */
export type Start = { method: string; target: string } | { status: number; reason: string }

/**
 * A message on its way through rules and breakpoints: what came, and what it has become. A body that was changed is
 * held without its coding, and gets it back when the message goes on.
 */
export class Draft<S extends Start> {
  readonly #cameStart: S
  readonly #came: RawHeaders
  readonly #httpVersion: string
  readonly #hasBody: boolean
  readonly #readBody: () => Promise<Uint8Array | undefined>
  start: S
  headers: RawHeaders
  /** Bytes of the wire as they came; undefined until they were read, and where they stream on. */
  wire: Uint8Array | undefined
  /** A new body: its content, or with `coded` the very bytes of the wire. */
  #body: { bytes: Uint8Array; coded: boolean } | undefined
  wasRead = false

  constructor(
    start: S,
    headers: RawHeaders,
    httpVersion: string,
    hasBody: boolean,
    readBody: () => Promise<Uint8Array | undefined>,
  ) {
    this.#cameStart = start
    this.#came = headers
    this.#httpVersion = httpVersion
    this.#hasBody = hasBody
    this.#readBody = readBody
    this.start = start
    this.headers = headers
  }

  get httpVersion(): string {
    return this.#httpVersion
  }

  get changed(): boolean {
    return this.#body !== undefined || this.start !== this.#cameStart || this.headers !== this.#came
  }

  /** Reads the body where there is one that is not too long. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.wasRead) return this.wire
    if (this.#hasBody) this.wire = await this.#readBody()
    this.wasRead = true
    return this.wire
  }

  /** The body as a person reads it; undefined where it was not read. */
  async content(): Promise<{ bytes: Uint8Array; coded: boolean } | undefined> {
    if (this.#body) return this.#body
    return this.wire && contentOf(this.wire, this.#came)
  }

  setBody(bytes: Uint8Array, coded = false): void {
    this.#body = { bytes, coded }
  }

  /** The message as it goes on; undefined where it is the one that came. */
  async edit(): Promise<(S & { headers: RawHeaders; body?: Uint8Array; exact: boolean }) | undefined> {
    if (!this.changed) return undefined
    const body = await this.#encoded()
    const bytesBefore = this.wire?.length ?? (this.#hasBody ? undefined : 0)
    const { headers, exact } = followLength({
      before: this.#came,
      after: this.headers,
      bytesBefore,
      bytesAfter: body?.length ?? bytesBefore,
      httpVersion: this.#httpVersion,
    })
    return { ...this.start, headers, exact, ...(body && { body }) }
  }

  /** What came, for the record; undefined where nothing was changed. */
  async original(): Promise<OriginalMessage | undefined> {
    if (!this.changed) return undefined
    const start = this.#cameStart
    const line = 'method' in start ? `${start.method} ${start.target}` : `${start.status} ${start.reason}`.trim()
    const original: OriginalMessage = { start: line, headers: this.#came }
    if (this.#body && this.wire) original.body = await keptBody(this.wire, this.#came)
    return original
  }

  async #encoded(): Promise<Uint8Array | undefined> {
    if (!this.#body) return undefined
    const { bytes, coded } = this.#body
    return coded ? bytes : ((await encodeContent(bytes, this.headers)) ?? bytes)
  }
}

export type RequestDraft = Draft<{ method: string; target: string }>
export type ResponseDraft = Draft<{ status: number; reason: string }>

export function draftOfRequest(arrived: ArrivedRequest): RequestDraft {
  const { method, target, headers, authority, hasBody } = arrived.message
  // HTTP/2 may name the host outside of the header list: a person looks for it there.
  const raw = headers.has('host') || authority === '' ? headers.raw : ['Host', authority, ...headers.raw]
  return new Draft({ method, target }, raw, arrived.httpVersion, hasBody, () => arrived.readBody())
}

export function draftOfResponse(answered: AnsweredResponse): ResponseDraft {
  const { status, reason, headers } = answered
  // What frames the upstream's answer ends with its connection: the client gets a framing of its own.
  const chunked = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'transfer-encoding')
  return new Draft({ status, reason }, headers, chunked ? '1.1' : '2', answered.hasBody, () => answered.readBody())
}

/** An exchange of which only the request is known, as it is now. */
export async function recordOfRequest(arrived: ArrivedRequest, draft: RequestDraft): Promise<ExchangeRecord> {
  const body = draft.wasRead ? await draft.content() : undefined
  return headRecord(arrived, draft, body && bodyOf(body.bytes, !body.coded))
}

export function headRecord(arrived: ArrivedRequest, draft: RequestDraft, body?: RecordedBody): ExchangeRecord {
  const { message, workspace, peer } = arrived
  const { method, target } = draft.start
  const [path, query] = draft.changed ? partsOf(target) : [message.path, message.query]
  const host = draft.changed ? hostOf(draft.headers) : undefined
  return {
    id: arrived.id,
    startedAt: arrived.startedAt,
    durationMicros: 0,
    state: 'open',
    revision: workspace.revision,
    ...(workspace.environment !== undefined && { environment: workspace.environment }),
    listener: arrived.listener,
    peer: { address: peer.address, port: peer.port },
    clientAddress: peer.address,
    request: {
      method,
      scheme: message.scheme,
      authority: host ?? message.authority,
      target,
      path,
      query,
      httpVersion: arrived.httpVersion,
      headers: draft.headers,
      ...(body && { body }),
    },
    ...(arrived.upgrade && { upgrade: arrived.upgrade }),
    verdict: 'pass',
    status: 0,
    trace: [],
    facts: [],
    timings: { policyMicros: 0 },
    sealed: [],
  }
}

/** An exchange as far as the upstream's answer, as it is now. */
export async function recordOfResponse(answered: AnsweredResponse, draft: ResponseDraft): Promise<ExchangeRecord> {
  const body = draft.wasRead ? await draft.content() : undefined
  const { status, reason } = draft.start
  const record = answered.record()
  return {
    ...record,
    status,
    response: {
      status,
      reason,
      from: 'upstream',
      headers: draft.headers,
      ...(body && { body: bodyOf(body.bytes, !body.coded) }),
    },
  }
}

export function requestEdit(edit: Awaited<ReturnType<RequestDraft['edit']>>): { edit?: RequestEdit } {
  return edit ? { edit } : {}
}

export function responseEdit(edit: Awaited<ReturnType<ResponseDraft['edit']>>): { edit?: ResponseEdit } {
  return edit ? { edit } : {}
}

function bodyOf(bytes: Uint8Array, decoded: boolean): RecordedBody {
  return { bytes, length: bytes.length, truncated: false, ...(decoded && { decoded }) }
}

async function keptBody(wire: Uint8Array, headers: RawHeaders): Promise<NonNullable<OriginalMessage['body']>> {
  const { bytes } = await contentOf(wire, headers)
  const kept = Buffer.from(bytes.subarray(0, originalBytes))
  const text =
    isUtf8(kept) || isUtf8(kept.subarray(0, -1)) || isUtf8(kept.subarray(0, -2)) || isUtf8(kept.subarray(0, -3))
  return {
    length: bytes.length,
    ...(text ? { text: kept.toString('utf8') } : { base64: kept.toString('base64') }),
    ...(kept.length < bytes.length && { truncated: true as const }),
  }
}

function partsOf(target: string): [path: string, query: string] {
  const bare = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const at = bare.indexOf('?')
  return at === -1 ? [bare, ''] : [bare.slice(0, at), bare.slice(at + 1)]
}

function hostOf(headers: RawHeaders): string | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  return at === -1 ? undefined : headers[at + 1]!.toLowerCase()
}
