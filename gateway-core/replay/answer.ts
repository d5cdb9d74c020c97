import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { ReplayAnswer } from '../protocol/replay.ts'
import type { ReplayRequest, ReplayTarget } from '../protocol/replay-request.ts'
import type { Destination } from './connect.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'
import { sealResponse } from './seal.ts'
import { type Sent, sendOnce } from './send.ts'
import type { WireResponse } from './send-http1.ts'
import { splitUrl } from './upstream-target.ts'

/** What the gateway recorded of an exchange. */
export interface Recorded {
  id: string
  verdict: string
  status: number
  startedAt: number
  decidedBy?: string | undefined
  code?: string | undefined
}

/** A place that requests can be sent to: a gateway, the upstreams of a workspace, any server. */
export interface Way {
  target: ReplayTarget
  label: string
  /** Where this request goes there. Throws a ReplayError. */
  route(wire: WireRequest, insecure: boolean): { destination: Destination; target: string; host?: string }
  /** What was decided about as many exchanges that came from a port of ours. */
  recorded?(localPort: number, count: number): Promise<readonly Recorded[]>
  /** What was decided can be read in the capture under its id. */
  links?: boolean
  /** Lets go what was started for it. */
  close(): Promise<void>
}

/** An answer with what does not cross the wire to the screen: the response as it came, and the body as it is kept. */
export interface Outcome {
  answer: ReplayAnswer
  /** With secrets in clear, for captures and assertions; never shown or kept. */
  response?: WireResponse
  kept?: Uint8Array
  decoded: boolean
}

export interface SendOptions {
  key: WorkspaceKey
  /** Values that were put in for markers and references: their echoes are hidden. */
  secrets: readonly string[]
  settings: ReplayRequest['settings']
  signal: AbortSignal
}

/** Sends a request one way and follows redirects where that was asked for. It never throws. */
export async function sendBy(way: Way, wire: WireRequest, options: SendOptions): Promise<Outcome> {
  const redirects: { status: number; location: string }[] = []
  let next = wire
  try {
    for (;;) {
      const { sent, address } = await sendStep(way, next, options)
      const followed =
        redirects.length < options.settings.redirects ? redirected(next, sent.response, address) : undefined
      if (!followed) return await outcomeOf(way, sent, address, redirects, options)
      redirects.push({ status: sent.response!.status, location: followed.location })
      next = followed.request
    }
  } catch (error) {
    const { message, todo } = error as ReplayError
    const problem = { what: message, ...(todo !== undefined && { todo }) }
    const answer = { target: way.target, label: way.label, address: '', timings: { total: 0 }, problem }
    return { answer, decoded: false }
  }
}

async function sendStep(way: Way, wire: WireRequest, { settings, signal }: SendOptions) {
  const { destination, target, host } = way.route(wire, settings.insecure === true)
  const { scheme, host: name, port } = destination
  const address = `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}${target}`
  return { sent: await sendOnce(destination, target, withHost(wire, host), settings.timeoutMs, signal), address }
}

/** The request with this Host: in the place of the one it has, else in front. */
function withHost(wire: WireRequest, host: string | undefined): WireRequest {
  if (host === undefined) return wire
  const named = wire.fields.some(([name]) => name.toLowerCase() === 'host')
  if (!named) return { ...wire, fields: [['Host', host], ...wire.fields] }
  const fields = wire.fields.map(([name, value]): [string, string] => [
    name,
    name.toLowerCase() === 'host' ? host : value,
  ])
  return { ...wire, fields }
}

/** The request that a redirect asks for (RFC 9110 §15.4); credentials stay behind where it leads to another host. */
function redirected(
  wire: WireRequest,
  response: WireResponse | undefined,
  address: string,
): { request: WireRequest; location: string } | undefined {
  if (!response || ![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const at = response.rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'location')
  const location = at === -1 ? undefined : response.rawHeaders[at + 1]
  if (location === undefined || !URL.canParse(location, address)) return undefined
  const [from, to] = [new URL(address), new URL(location, address)]
  const { origin } = splitUrl(wire.url)
  // Another host is another server: a way that leads to a gateway or an upstream does not lead there.
  if (from.host !== to.host && (origin === undefined || new URL(origin).host !== to.host)) return undefined
  const dropsBody = response.status === 303 || (response.status < 303 && wire.method === 'POST')
  const fields = wire.fields.filter(([name]) => !(dropsBody && /^content-|^transfer-encoding$/i.test(name)))
  const path = to.pathname + to.search
  const request: WireRequest = {
    ...wire,
    url: origin === undefined ? path : to.origin + path,
    fields,
    ...(dropsBody && { method: wire.method === 'HEAD' ? 'HEAD' : 'GET', body: undefined }),
  }
  return { request, location }
}

async function outcomeOf(
  way: Way,
  sent: Sent,
  address: string,
  redirects: { status: number; location: string }[],
  { key, secrets }: SendOptions,
): Promise<Outcome> {
  const { response, timings, tls, problem } = sent
  const answer: ReplayAnswer = { target: way.target, label: way.label, address: hideIn(address, secrets), timings }
  const recorded = sent.localPort === 0 ? undefined : (await way.recorded?.(sent.localPort, 1))?.at(-1)
  if (recorded) {
    const { id, verdict, decidedBy, code } = recorded
    if (way.links) answer.exchange = id
    answer.decided = { verdict, ...(decidedBy !== undefined && { policy: decidedBy }), ...(code && { code }) }
  }
  if (tls) answer.tls = tls
  if (redirects.length > 0) answer.redirects = redirects
  if (problem) answer.problem = problem
  if (!response) return { answer, decoded: false }
  if (response.problem !== undefined && !problem) answer.problem = { what: response.problem }
  const sealed = sealResponse(response, secrets, key)
  const valueOf = (name: string) => sealed.headers.find(([field]) => field.toLowerCase() === name)?.[1] ?? null
  answer.response = {
    status: response.status,
    reason: response.reason,
    version: response.version,
    headers: sealed.headers,
    ...(sealed.trailers.length > 0 && { trailers: sealed.trailers }),
    body: {
      length: response.length,
      kept: sealed.body.byteLength,
      contentType: valueOf('content-type'),
      coding: sealed.decoded ? null : valueOf('content-encoding'),
      ...(sealed.hidden && { problem: 'not shown: it holds secrets that cannot be told apart from the rest' }),
    },
  }
  return { answer, response, kept: sealed.body, decoded: sealed.decoded }
}

function hideIn(text: string, secrets: readonly string[]): string {
  let hidden = text
  for (const secret of secrets) {
    if (secret.length >= 4) hidden = hidden.replaceAll(secret, '…').replaceAll(encodeURIComponent(secret), '…')
  }
  return hidden
}
