import { decodeContent, isPlainCoding } from '../capture/content.ts'
import type { ExchangeRecord, RecordedBody } from '../capture/record.ts'
import type { ReplayBody, ReplayField, ReplayRequest } from '../protocol/replay-request.ts'
import { ReplayError } from './replay-error.ts'
import { textOfWire, utf8Of } from './wire-text.ts'

/** Longer bodies are not edited as text: they stay where they are and are sent from there. */
const textLimit = 512 * 1024

export const plainSettings: ReplayRequest['settings'] = { length: 'follow', redirects: 0, timeoutMs: 30_000 }

/**
 * A recorded request (read with sealed secrets) as one that can be edited: same target, fields in their order, body as
 * text where it is one. It is literal: what a client sent is never read as a variable or a reference.
 */
export function requestOfExchange(exchange: ExchangeRecord, bodies: 'recorded' | 'inline' = 'recorded'): ReplayRequest {
  const { request, upgrade } = exchange
  if (upgrade) throw new ReplayError('a WebSocket handshake cannot be sent again', 'connect with a WebSocket client')
  const headers: ReplayField[] = []
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at]!
    if (!name.startsWith(':')) headers.push({ name: textOfWire(name), value: textOfWire(request.headers[at + 1]!) })
  }
  if (!headers.some(({ name }) => name.toLowerCase() === 'host')) {
    headers.unshift({ name: 'Host', value: request.authority })
  }
  const written = valueOf(headers, 'content-length')
  const right = written === undefined || written === String(request.body?.length ?? 0)
  return {
    method: request.method,
    url: textOfWire(urlOf(exchange)),
    version: request.httpVersion === '1.0' ? '1.0' : '1.1',
    headers,
    body: bodyOf(exchange.id, request.body, headers, bodies),
    settings: { ...plainSettings, length: right ? 'follow' : 'asWritten', literal: true },
  }
}

/** What came by the forward proxy names its server; to a gateway, the path is enough. */
function urlOf({ listener, request }: ExchangeRecord): string {
  const { scheme, authority, target } = request
  return listener === 'proxy' && target.startsWith('/') ? `${scheme}://${authority}${target}` : target
}

function bodyOf(
  exchange: string,
  body: RecordedBody | undefined,
  headers: readonly ReplayField[],
  bodies: 'recorded' | 'inline',
): ReplayBody {
  if (!body || body.length === 0) return null
  const contentType = valueOf(headers, 'content-type')
  const recorded: ReplayBody =
    bodies === 'inline'
      ? { kind: 'bytes', base64: Buffer.from(body.bytes).toString('base64') }
      : { kind: 'recorded', exchange, length: body.length, ...(contentType !== undefined && { contentType }) }
  if (body.truncated || body.length > textLimit) return recorded
  const written = valueOf(headers, 'content-encoding')
  const coding = isPlainCoding(written) ? undefined : written?.trim().toLowerCase()
  if (coding === undefined) {
    // Sealed as a whole: what is here is only its readable form.
    if (body.decoded) return recorded
    const text = utf8Of(body.bytes)
    return text === undefined ? recorded : { kind: 'text', text }
  }
  if (coding !== 'gzip' && coding !== 'br' && coding !== 'deflate') return recorded
  const content = body.decoded ? body.bytes : decodeContent(body.bytes, coding)
  const text = content && utf8Of(content)
  return text === undefined ? recorded : { kind: 'text', text, coding }
}

export function valueOf(headers: readonly ReplayField[], name: string): string | undefined {
  return headers.find((field) => field.off !== true && field.name.toLowerCase() === name)?.value
}
