import type { StoredExchange } from '../capture/record.ts'
import { refused } from '../protocol/rpc-error.ts'
import { agentThrough } from '../proxy/outbound-tunnel.ts'
import type { CannotRun } from './cannot-run.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { type Answer, sendOnce, type Sending } from './send-request.ts'

/**
 * Sends a recorded request (read with open secrets) again through the running gateway, as it was: same target, same
 * fields in their order, same bytes. Returns the id of the new exchange.
 */
export async function resend(opened: OpenedWorkspace, exchange: StoredExchange): Promise<string> {
  const { request, upgrade } = exchange
  if (upgrade) throw refused('a WebSocket handshake cannot be sent again', 'connect with a WebSocket client')
  if (request.method === 'CONNECT') throw refused('a tunnel cannot be sent again', 'send what goes through it')
  if (exchange.secrets === 'sealed') {
    const todo = 'copy it as curl and put in fresh credentials'
    throw refused('the secrets of this exchange are not kept any more, so it cannot be sent as it was', todo)
  }
  if (request.body?.truncated) {
    throw refused('only the beginning of the body was kept, so it cannot be sent as it was', 'raise capture.body')
  }
  if (!request.body && announcesBody(request.headers)) {
    const todo = 'copy it as curl and put the body in'
    throw refused('it was denied before its body was read, so there is no body to send again', todo)
  }
  const fields: [string, string][] = []
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    fields.push([request.headers[at]!, request.headers[at + 1]!])
  }
  if (!fields.some(([name]) => name.toLowerCase() === 'host')) fields.unshift(['Host', request.authority])
  const body = request.body && Buffer.from(request.body.bytes)
  const sending = { method: request.method, address: request.target, fields, body }
  const answer =
    exchange.listener === 'proxy' ? await sendByProxy(opened, request, sending) : await sendThrough(opened, sending)
  const id = await opened.exchangeFrom(answer.localPort)
  if (id !== undefined) return id
  throw refused('it was sent, but the gateway recorded nothing of it', 'switch captures on')
}

/** Whether a message says that a body follows (RFC 9112 §6.3). */
function announcesBody(headers: readonly string[]): boolean {
  return headers.some((name, at) => {
    if (at % 2 === 1) return false
    const lower = name.toLowerCase()
    return lower === 'transfer-encoding' || (lower === 'content-length' && headers[at + 1] !== '0')
  })
}

/** A screen waits no longer than this (ms): an event stream has no end. */
const longestMs = 30_000

/** Sends what came by the forward proxy by it again: it goes to the server that it named. */
async function sendByProxy(
  opened: OpenedWorkspace,
  { scheme, authority }: StoredExchange['request'],
  sending: Sending,
): Promise<Answer> {
  const proxy = opened.gateway?.proxy.address
  if (!proxy) throw refused('it came by the forward proxy, which is closed', 'open it: Own traffic')
  // Our own proxy on this machine: what it shows comes from the local CA.
  const agent = agentThrough(
    proxy.url.replace('//0.0.0.0:', '//127.0.0.1:'),
    { rejectUnauthorized: false },
    scheme === 'https',
  )
  try {
    return await sendOnce(`${scheme}://${authority}`, { longestMs, ...sending, agent }, true)
  } catch (error) {
    const { message, suggestion } = error as CannotRun
    throw refused(message, suggestion)
  } finally {
    agent.destroy()
  }
}

/** Sends a request through the running gateway. Throws an RpcError when none runs or no response comes. */
export async function sendThrough(opened: OpenedWorkspace, sending: Sending): Promise<Answer> {
  const url = opened.gatewayUrl
  if (url === undefined) throw refused('the gateway does not run', 'start it first')
  try {
    return await sendOnce(url, { longestMs, ...sending }, true)
  } catch (error) {
    const { message, suggestion } = error as CannotRun
    throw refused(message, suggestion)
  }
}
