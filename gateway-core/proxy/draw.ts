import type { Exchange } from '../exchange.ts'
import type { Engine } from './engine.ts'

/** A number in `[0, 1)` that belongs to an exchange and a purpose: the same one whenever it is asked for. */
export function drawFor(engine: Engine, id: string, purpose: string): number {
  // Only the id is looked at: chance belongs to the exchange, not to what it says.
  const answer = engine.around.facts.ask({ kind: 'random', purpose }, { id } as Exchange)
  return !(answer instanceof Promise) && 'value' in answer ? Number(answer.value) : 0
}
