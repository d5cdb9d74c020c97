import { stateAtMark, stateMarks } from '../capture/saved-states.ts'
import { openDatabase } from '../capture/schema.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { type Maybe, whenReady } from '../pipeline/facts.ts'
import type { StateAnswer, StateOperation } from '../pipeline/state.ts'
import { CapturedTraffic } from '../rejudge/captured-traffic.ts'
import { ColdState, type Beginning, type KnownState } from '../rejudge/cold-state.ts'
import { judgeTraffic } from '../rejudge/judge-traffic.ts'
import { recordedFacts } from '../rejudge/shared-facts.ts'
import { StretchOfTraffic } from '../rejudge/stretch-of-traffic.ts'
import type { StateRead } from './case-file.ts'

/**
 * What the steps of an exchange asked of state, and what it answered: found by judging what came before it, from the last
 * time on that the capture kept what counters held.
 */
export async function stateRead(
  workspace: Workspace,
  id: string,
  { folder, key }: { folder: string; key: WorkspaceKey },
): Promise<readonly StateRead[]> {
  // Sealed: what a step asks of state leaves the house with the case.
  const traffic = new CapturedTraffic(folder, undefined)
  try {
    await traffic.refresh(pause)
    const at = traffic.numberOf(id)
    if (at === undefined) return []
    const place = traffic.beginning(at)
    const known = lastKnown(folder, key, place)
    // What ended before that state was kept is in it.
    const stretch = new StretchOfTraffic(traffic, at, known?.after ?? 0)
    let listening: Listening | undefined
    await judgeTraffic({
      workspace,
      traffic: stretch,
      recordedUnder: () => undefined,
      facts: recordedFacts,
      reuse: false,
      everyStep: true,
      state: (since) => (listening = new Listening(stretch.last, { since, known: known ? [known] : [] })),
      judged: () => undefined,
      breathe: pause,
    })
    return listening?.reads ?? []
  } finally {
    traffic.close()
  }
}

const pause = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The last state that was kept before a place of the global order. */
function lastKnown(folder: string, key: WorkspaceKey, place: number): (KnownState & { after: number }) | undefined {
  const db = openDatabase(folder, { create: true })
  try {
    for (const mark of stateMarks(db).toReversed()) {
      const held = mark.place < place ? stateAtMark(db, key, mark.place) : undefined
      if (held) return { place: mark.place, time: mark.time, after: mark.after, held: { ...held, exact: true } }
    }
    return undefined
  } finally {
    db.close()
  }
}

/** State that notes what one exchange asks it. */
class Listening extends ColdState {
  readonly reads: StateRead[] = []
  readonly #exchange: number
  #listens = false

  constructor(exchange: number, beginning: Beginning) {
    super(beginning)
    this.#exchange = exchange
  }

  override turn(exchange: number): void {
    this.#listens = exchange === this.#exchange
    super.turn(exchange)
  }

  override apply<O extends StateOperation>(stateId: string, operation: O, now: number): Maybe<StateAnswer<O>> {
    const listens = this.#listens
    return whenReady(super.apply(stateId, operation, now), (answer) => {
      if (listens) this.reads.push({ stateId, operation, answer: answer ?? null })
      return answer
    })
  }
}
