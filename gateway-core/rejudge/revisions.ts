import type { Context } from '../capture/decode-context.ts'
import { type LoadOptions, loadWorkspace } from '../config/load.ts'
import type { Workspace } from '../config/workspace.ts'

/**
 * The workspaces that exchanges were recorded under, loaded from the files that the capture keeps of each revision.
 * Secrets are today's: of what came from them only the tags count, and those tell whether they are the same.
 */
export class Revisions {
  readonly #filesOf: (revision: string) => ReadonlyMap<string, string>
  readonly #folder: string
  readonly #loading: LoadOptions
  readonly #known = new Map<string, Workspace | undefined>()

  constructor(filesOf: (revision: string) => ReadonlyMap<string, string>, folder: string, loading: LoadOptions) {
    this.#filesOf = filesOf
    this.#folder = folder
    this.#loading = loading
  }

  /** Revisions of workspaces that are loaded anyway. */
  know(workspace: Workspace): void {
    this.#known.set(workspace.revision, workspace)
  }

  /** Loads what contexts refer to; to be called before `of`. */
  async load(contexts: Iterable<Context>): Promise<void> {
    for (const { revision, environment } of contexts) {
      if (this.#known.has(revision)) continue
      this.#known.set(revision, undefined)
      const overlay = this.#filesOf(revision)
      if (overlay.size === 0) continue
      const chosen = environment === undefined ? {} : { environment }
      const options = { ...this.#loading, ...chosen, overlay, readOnly: true }
      const { workspace } = await loadWorkspace(this.#folder, options)
      // A workspace that reads other files than those then (a new set, say) may judge otherwise.
      const files = workspace?.files.filter(({ text }) => text !== undefined)
      if (files?.every(({ path }) => overlay.has(path))) this.#known.set(revision, workspace)
    }
  }

  of = ({ revision }: Context): Workspace | undefined => this.#known.get(revision)
}
