import type { Workspace } from '../config/workspace.ts'
import { type Change, changesBetween, hunkOf, type Texts, withChanges } from './hunks.ts'
import { classify, type Judged } from './judged.ts'
import { smallestSet } from './smallest-set.ts'
import type { Hunk } from '../protocol/what-if.ts'
import type { WhatIfChange } from './what-if.ts'

export interface BlameOptions {
  /** Texts of the files of both versions, by path. */
  before: Texts
  after: Texts
  /** Loads the baseline with other texts; undefined where that does not load. */
  load: (texts: ReadonlyMap<string, string | null>) => Promise<Workspace | undefined>
  /** How one exchange ends under a workspace. */
  judge: (workspace: Workspace, at: number) => Promise<Judged>
  /** How it ends under the baseline. */
  baseline: (at: number) => Judged
}

/**
 * Finds for a changed verdict the smallest set of changed lines that brings it about. Exchanges that change alike are
 * blamed alike: what was found for the first of them holds for all.
 */
export class Blame {
  readonly #options: BlameOptions
  readonly #changes: readonly Change[]
  readonly #found = new Map<string, Promise<readonly Hunk[]>>()
  readonly #workspaces = new Map<string, Promise<Workspace | undefined>>()

  constructor(options: BlameOptions) {
    this.#options = options
    this.#changes = changesBetween(options.before, options.after)
  }

  /** Everything that the edit changes. */
  get hunks(): readonly Hunk[] {
    return this.#changes.map(hunkOf)
  }

  /** `at` gives the number of the exchange; it is asked only where nothing alike was found before. */
  of(change: WhatIfChange, at: () => number): Promise<readonly Hunk[]> {
    const key = kindOf(change)
    const known = this.#found.get(key)
    if (known) return known
    const found = this.#find(change, at())
    this.#found.set(key, found)
    return found
  }

  async #find(change: WhatIfChange, at: number): Promise<readonly Hunk[]> {
    const before = this.#options.baseline(at)
    const set = await smallestSet(this.#changes, async (subset) => {
      const workspace = await this.#load(subset)
      if (!workspace) return false
      const judged = await this.#options.judge(workspace, at)
      const found = classify(before, judged)
      const { verdict, code, decidedBy } = judged.outcome
      const { after, kind, message } = change
      if (found?.kind !== kind || found.message?.number !== message?.number) return false
      // Where a message differs, everything that differs is looked at: a header beside it has its own lines.
      if (message && found.differs?.join() !== change.differs?.join()) return false
      return verdict === after.verdict && code === after.code && decidedBy === after.decidedBy
    })
    return (set ?? []).map(hunkOf)
  }

  #load(subset: readonly Change[]): Promise<Workspace | undefined> {
    const key = subset.map((change) => this.#changes.indexOf(change)).join(' ')
    let workspace = this.#workspaces.get(key)
    if (!workspace) {
      workspace = this.#options.load(withChanges(this.#options.before, subset))
      this.#workspaces.set(key, workspace)
    }
    return workspace
  }
}

/** Exchanges of one kind lost or won their verdict in the same way. */
export function kindOf({ kind, before, after, differs, missing, message }: WhatIfChange): string {
  const ends = [before, after].map(({ verdict, code, decidedBy, status }) => [verdict, code, decidedBy, status])
  return JSON.stringify([kind, ends, differs, missing, message?.side])
}
