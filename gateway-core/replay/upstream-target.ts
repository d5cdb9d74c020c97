import type { Workspace } from '../config/workspace.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import { requestOfHead } from '../proxy/request-of-head.ts'
import { routeExchange } from '../proxy/route-exchange.ts'
import { Router } from '../proxy/router.ts'
import { isRefusal, judgeHead } from '../proxy/strict.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'

/** A URL as it is written, in its parts; nothing of the target is changed. A path has no origin. */
export function splitUrl(url: string): { origin?: string; authority?: string; target: string } {
  const match = /^(https?):\/\/([^/?#]*)([^]*)$/i.exec(url)
  if (!match) return { target: url }
  const rest = match[3]!
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return { origin: `${match[1]!.toLowerCase()}://${match[2]}`, authority: match[2]!, target }
}

/** Where the gateway would forward a request: origin, target, and the Host it would name. Throws a ReplayError. */
export function upstreamTarget(
  workspace: Workspace,
  wire: WireRequest,
): { origin: string; target: string; host?: string } {
  const { authority, target } = splitUrl(wire.url)
  const named = wire.fields.find(([name]) => name.toLowerCase() === 'host')?.[1]
  const rawHeaders = ['Host', named ?? authority ?? 'localhost']
  const head = judgeHead(
    { method: wire.method, target, httpVersion: '1.1', rawHeaders, scheme: 'http' },
    workspace.limits,
  )
  if (isRefusal(head)) {
    throw new ReplayError(`the gateway would not forward this: ${head.detail}`, 'send it to the URL itself')
  }
  const exchange = new JudgedExchange('', Date.now(), { address: '127.0.0.1', port: 0 }, requestOfHead(head))
  const { route } = routeExchange(workspace, new Router(workspace.routes), exchange)
  const upstream = exchange.route?.upstream === undefined ? undefined : workspace.upstreams.get(exchange.route.upstream)
  const first = upstream?.targets[0]
  if (!route || !exchange.route || !first) {
    throw new ReplayError('no route of the workspace leads this request to an upstream', 'send it to the URL itself')
  }
  const prefix = first.url.pathname.replace(/\/$/, '')
  const query = head.query === '' ? '' : `?${head.query}`
  return {
    origin: first.url.origin,
    target: prefix + exchange.route.upstreamPath + query,
    ...(!route.preserveHost && { host: first.url.host }),
  }
}
