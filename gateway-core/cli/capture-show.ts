import type {
  ExchangeRecord,
  Interception,
  RecordedBody,
  RecordedRequest,
  RecordedResponse,
  StoredExchange,
  StoredMessage,
} from '../capture/record.ts'
import { clock, durationText, exchangeLines, type ShowPosition } from './exchange-line.ts'
import type { Paint } from './io.ts'
import { printedStep, traceTable } from './trace-table.ts'
import { visible, visibleLines } from '../visible.ts'

/** A whole exchange for a person: outcome and reason, the trace, then the messages as they were. */
export function exchangeText(
  exchange: StoredExchange,
  paint: Paint,
  show: ShowPosition,
  messages: readonly StoredMessage[] = [],
): string {
  const { request, forwarded, response, upstreamResponse } = exchange
  const { policyMicros, upstreamMicros } = exchange.timings
  const upstream = upstreamMicros === undefined ? 'upstream not called' : `upstream ${durationText(upstreamMicros)}`
  const lines = [
    ...exchangeLines(exchange, paint, show),
    '',
    `exchange ${exchange.id}  ${new Date(exchange.startedAt).toISOString()} (${clock(exchange.startedAt)})`,
    `from ${visible(exchange.clientAddress)}  revision ${exchange.revision.slice(0, 7)}  policies ${durationText(policyMicros)}  ${upstream}`,
    ...(exchange.route
      ? [`route ${visible(exchange.route.id)}${exchange.upstream ? ` → ${visible(exchange.upstream.url)}` : ''}`]
      : []),
    ...(exchange.secrets === 'sealed'
      ? [paint('dim', 'secrets are sealed; --secrets shows them while they are kept')]
      : []),
    '',
    paint('bold', 'What ran'),
    ...traceTable(exchange.trace, paint, show),
    ...(exchange.intercepted ? ['', paint('bold', 'Breakpoints and rules'), ...touchesText(exchange.intercepted)] : []),
    '',
    paint('bold', 'Request'),
    ...requestText(request),
    ...(forwarded ? ['', paint('bold', 'Forwarded as'), ...requestText(forwarded)] : []),
    ...(response
      ? [
          '',
          paint('bold', response.from === 'gateway' ? 'Response of the gateway' : 'Response'),
          ...responseText(response),
        ]
      : []),
    ...(upstreamResponse ? ['', paint('bold', 'What the upstream answered'), ...responseText(upstreamResponse)] : []),
    ...(messages.length > 0 ? ['', paint('bold', 'Messages'), ...messages.map(messageText)] : []),
  ]
  return lines.join('\n')
}

/** Who held or changed it; what it was before is in the JSON. */
function touchesText({ touches, request, response }: Interception): string[] {
  const came = [request && `request came as ${request.start}`, response && `upstream answered ${response.start}`]
  return [
    ...touches.map(
      ({ by, name, side, did, says }) => `${by} ${visible(name, 80)} on the ${side}: ${visible(says ?? did, 200)}`,
    ),
    ...came.filter((line) => line !== undefined).map((line) => visible(line, 200)),
  ]
}

/** A whole exchange as JSON: bodies as text where they are UTF-8. */
export function printedExchange(exchange: StoredExchange, messages: readonly StoredMessage[] = []): object {
  const { trace, peer, request, forwarded, response, upstreamResponse, ...rest } = exchange as ExchangeRecord
  const certificates = peer.certificates?.map((one) => Buffer.from(one).toString('base64'))
  return {
    ...rest,
    peer: certificates ? { ...peer, certificates } : peer,
    request: withBody(request),
    ...(forwarded && { forwarded: withBody(forwarded) }),
    ...(response && { response: withBody(response) }),
    ...(upstreamResponse && { upstreamResponse: withBody(upstreamResponse) }),
    trace: trace.map((entry) => ({
      ...printedStep(entry),
      mode: entry.mode,
      ...(entry.reason && { reason: entry.reason }),
    })),
    ...(messages.length > 0 && { messages: messages.map(printedMessage) }),
  }
}

function messageText({ side, kind, fate, at, bytes, sent, length }: StoredMessage): string {
  const way = side === 'request' ? '↑ client  ' : '↓ upstream'
  const content = sent ?? bytes
  const text = kind === 'binary' ? `${length} bytes` : visible(Buffer.from(content).toString('utf8'), 200)
  const notes = [kind === 'text' ? '' : kind, sent ? 'changed' : '', fate === 'sent' ? '' : fate].filter((one) => one)
  return `  ${durationText(at).padStart(8)}  ${way}  ${text}${notes.length > 0 ? `  (${notes.join(', ')})` : ''}`
}

function printedMessage(message: StoredMessage): object {
  const { exchange: _, bytes, sent, trace, ...rest } = message
  return {
    ...rest,
    content: contentOf(bytes),
    ...(sent && { sent: contentOf(sent) }),
    ...(trace.length > 0 && { trace: trace.map(printedStep) }),
  }
}

function contentOf(bytes: Uint8Array): { text: string } | { base64: string } {
  const text = utf8(bytes)
  return text === undefined ? { base64: Buffer.from(bytes).toString('base64') } : { text }
}

function withBody(message: RecordedRequest | RecordedResponse): object {
  const { body, ...rest } = message
  if (!body) return rest
  const { bytes, ...about } = body
  return { ...rest, body: { ...about, ...contentOf(bytes) } }
}

function requestText(request: RecordedRequest): string[] {
  const { method, target, httpVersion, headers, body } = request
  return [
    `  ${visible(method, 20)} ${visible(target, 2000)} HTTP/${visible(httpVersion, 5)}`,
    ...headerText(headers),
    ...bodyText(body),
  ]
}

function responseText({ status, reason, headers, body }: RecordedResponse): string[] {
  return [`  ${status} ${visible(reason)}`.trimEnd(), ...headerText(headers), ...bodyText(body)]
}

function headerText(headers: readonly string[]): string[] {
  const lines: string[] = []
  for (let at = 0; at < headers.length; at += 2)
    lines.push(`  ${visible(headers[at]!, 100)}: ${visible(headers[at + 1]!, 2000)}`)
  return lines
}

const shownCharacters = 4000

function bodyText(body: RecordedBody | undefined): string[] {
  if (!body || body.length === 0) return []
  const text = utf8(body.bytes)
  if (text === undefined) return ['', `  ${body.length} bytes that are no text`]
  const cut = body.truncated || text.length > shownCharacters ? [`  … of ${body.length} bytes`] : []
  return [
    '',
    ...visibleLines(text.slice(0, shownCharacters))
      .split('\n')
      .map((line) => `  ${line}`),
    ...cut,
  ]
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
