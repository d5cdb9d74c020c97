import type { Workspace } from '../config/workspace.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import { requestOfHead } from '../proxy/request-of-head.ts'
import { routeExchange } from '../proxy/route-exchange.ts'
import { Router } from '../proxy/router.ts'
import { isRefusal, judgeHead } from '../proxy/strict.ts'
import { CannotRun } from './command.ts'
import { rawHeadersOf, splitAddress } from './file-request.ts'
import type { Sending } from '../workbench/send-request.ts'

/** Where the gateway would forward a request, and with which target. Throws CannotRun when it would not. */
export function upstreamAddress(workspace: Workspace, sending: Sending): { url: string; target: string } {
  const { scheme, authority = 'localhost', target } = splitAddress(sending.address)
  const { method } = sending
  const rawHeaders = rawHeadersOf(sending.fields, authority)
  const head = judgeHead({ method, target, httpVersion: '1.1', rawHeaders, scheme }, workspace.limits)
  if (isRefusal(head)) throw new CannotRun(`the gateway would not forward this: ${head.detail}`)
  const exchange = new JudgedExchange('', Date.now(), { address: '127.0.0.1', port: 0 }, requestOfHead(head))
  routeExchange(workspace, new Router(workspace.routes), exchange)
  const { route } = exchange
  const upstream = route?.upstream === undefined ? undefined : workspace.upstreams.get(route.upstream)
  const first = upstream?.targets[0]
  if (!route || !first) throw new CannotRun('no route of the workspace leads this request to an upstream')
  const query = head.query === '' ? '' : `?${head.query}`
  return { url: first.url.href.replace(/\/$/, ''), target: route.upstreamPath + query }
}
