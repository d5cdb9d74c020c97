import type { Handlers } from '../protocol/protocol.ts'
import type { Emit } from '../protocol/rpc-server.ts'
import { makeTest, testText } from './make-test.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { TestsDesk } from './tests-desk.ts'
import type { Workbench } from './workbench.ts'

/** One desk for each open workspace, for all screens. */
const desks = new WeakMap<OpenedWorkspace, TestsDesk>()

/** What one screen looks at. */
export class TestsView {
  readonly #workbench: Workbench
  readonly #emit: Emit
  #looking: { opened: OpenedWorkspace; end: () => void } | undefined

  constructor(workbench: Workbench, emit: Emit) {
    this.#workbench = workbench
    this.#emit = emit
  }

  /** The tests of the open workspace, from now on with news of them. */
  look(): TestsDesk {
    const opened = this.#workbench.workspace
    let desk = desks.get(opened)
    if (!desk) desks.set(opened, (desk = new TestsDesk(opened)))
    if (this.#looking?.opened !== opened) {
      this.close()
      this.#looking = { opened, end: desk.view((state) => this.#emit('tests.changed', state)) }
    }
    return desk
  }

  close(): void {
    this.#looking?.end()
    this.#looking = undefined
  }
}

/** Policy tests: what there is, run, made of exchanges. */
export function testsCalls(
  workbench: Workbench,
  view: TestsView,
): Pick<Handlers, Extract<keyof Handlers, `tests.${string}`>> {
  return {
    'tests.state': () => view.look().state(),
    'tests.run': ({ only }) => view.look().run(only),
    'tests.cancel': () => {
      view.look().cancel()
      return null
    },
    'tests.trace': async ({ id }) => (await view.look().trace(id)) ?? null,
    'tests.coverage': async () => (await view.look().coverage()) ?? null,
    'tests.make': ({ exchange }) => makeTest(workbench, exchange),
    'tests.text': ({ exchange }) => testText(workbench, exchange),
  }
}
