import type { CallContext, Handlers } from '../../gateway-core/protocol/protocol.ts'
import { calls } from '../../gateway-core/protocol/protocol.ts'

type Loose = (params: never, context: CallContext) => unknown

/** Handlers of which a test says some; the others fail as bugs do. */
export function handlersWith(some: Readonly<Record<string, Loose>>): Handlers {
  const missing = () => {
    throw new Error('the test did not expect this call')
  }
  const all = Object.keys(calls).map((name) => [name, some[name] ?? missing])
  return Object.fromEntries(all) as unknown as Handlers
}
