import type { Context } from '../capture/decode-context.ts'
import type { Workspace } from '../config/workspace.ts'
import { judgeTraffic } from './judge-traffic.ts'
import { OneTraffic } from './one-traffic.ts'
import type { SharedFacts } from './shared-facts.ts'
import type { Traffic } from './traffic.ts'

/** Times that a step was run to see whether it keeps state: `<instance id> <phase>`; Infinity once it did run. */
const tried = new Map<string, number>()
const looked = new WeakSet<Context>()
/** A step may lie behind one that cannot be decided any more: other exchanges are tried then. */
const mostTries = 5

/**
 * Finds out which steps count, before anything is taken from the record: what was never run is not known to count, and
 * would be recalled where it has to count again. Every step of every policy is run once, on an exchange that met it; a
 * few hundred runs in the life of a thread.
 */
export async function findCounters(
  traffic: Traffic,
  recordedUnder: (context: Context) => Workspace | undefined,
  facts: SharedFacts,
): Promise<void> {
  for (let at = 0; at < traffic.length; at++) {
    const context = traffic.context(at)
    if (looked.has(context)) continue
    looked.add(context)
    const workspace = recordedUnder(context)
    const steps = context.shape.filter(({ verdict }) => verdict !== 'skipped').map(stepKey)
    if (!workspace || steps.every((step) => (tried.get(step) ?? 0) >= mostTries)) continue
    for (const step of steps) tried.set(step, (tried.get(step) ?? 0) + 1)
    await judgeTraffic({
      workspace,
      traffic: new OneTraffic(traffic.exchange(at), traffic.beginning(at)),
      recordedUnder: () => undefined,
      facts: facts.of,
      reuse: false,
      judged: (_at, _judged, run) => {
        for (const entry of run?.run.trace ?? []) {
          if (entry.verdict !== 'undecidable' && entry.verdict !== 'skipped') tried.set(stepKey(entry), Infinity)
        }
      },
    })
  }
}

function stepKey({ policy, phase }: { policy: string; phase: string }): string {
  return `${policy} ${phase}`
}
