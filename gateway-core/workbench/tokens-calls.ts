import type { Handlers } from '../protocol/protocol.ts'
import { RpcError } from '../protocol/rpc-error.ts'
import { findTokens } from '../tokens/find.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { TokenLab } from './token-lab.ts'
import type { Workbench } from './workbench.ts'

const labs = new WeakMap<OpenedWorkspace, TokenLab>()

/** The token lab. */
export function tokensCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `tokens.${string}`>> {
  const lab = () => {
    const opened = workbench.workspace
    const known = labs.get(opened) ?? new TokenLab(opened)
    labs.set(opened, known)
    return known
  }
  const exchangeOf = (id: string) => {
    const exchange = workbench.workspace.captures.get(id, { secrets: 'open' })
    if (exchange) return exchange
    throw new RpcError({ code: 'NOT_FOUND', message: `there is no exchange ${id.slice(0, 60)}` })
  }
  return {
    'tokens.decode': ({ token }) => lab().report(token),
    'tokens.find': async ({ exchange }) => {
      const found = findTokens(exchangeOf(exchange))
      return Promise.all(found.map(async ({ where, token }) => ({ where, report: await lab().report(token) })))
    },
    'tokens.lab': () => lab().state(),
    'tokens.trust': ({ on }) => lab().trust(on),
    'tokens.mint': (options) => lab().mint(options),
    'tokens.proof': (request) => lab().proof(request),
    'tokens.certificate': ({ name }) => lab().certificate(name),
    'tokens.try': ({ exchange, method = 'GET', target = '/', ...rest }, { signal }) => {
      const carrier = lab().carrier(exchange === undefined ? { method, target } : exchangeOf(exchange))
      return lab().try({ ...rest, carrier }, signal)
    },
  }
}
