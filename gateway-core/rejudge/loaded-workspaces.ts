import { WorkspaceFiles } from '../config/files.ts'
import { type LoadOptions, loadWorkspace } from '../config/load.ts'
import type { Workspace, WorkspaceFile } from '../config/workspace.ts'
import { WhatIfError } from './what-if-error.ts'
import type { FileTexts } from './what-if.ts'

interface Known {
  asked: readonly string[]
  files: string
  workspace: Workspace
}

const most = 16

/** Workspaces with texts of an editor over the saved files. None is loaded twice while its files stay as they are. */
export class LoadedWorkspaces {
  readonly #folder: string
  readonly #options: LoadOptions
  readonly #known = new Map<string, Known>()
  readonly #byRevision = new Map<string, Workspace>()

  constructor(folder: string, options: LoadOptions) {
    this.#folder = folder
    this.#options = options
  }

  /** Rejects with a `WhatIfError` where it does not load. */
  async load(texts: FileTexts, environment: string | undefined): Promise<Workspace> {
    const key = JSON.stringify([texts, environment])
    const overlay = new Map(Object.entries(texts))
    const known = this.#known.get(key)
    if (known && this.#filesNow(known.asked, overlay) === known.files) return known.workspace
    const chosen = environment === undefined ? {} : { environment }
    const options = { ...this.#options, overlay, readOnly: true, ...chosen }
    const { workspace, problems, asked, files } = await loadWorkspace(this.#folder, options)
    if (!workspace) {
      const problem = problems.find(({ severity }) => severity === 'error')
      const where = problem && `${problem.file}:${problem.line}:${problem.column}`
      throw new WhatIfError(problem?.message ?? 'the workspace does not load', problem?.suggestion, where)
    }
    // The same object for the same files: what was found out about it holds.
    const same = this.#byRevision.get(workspace.revision) ?? workspace
    remember(this.#byRevision, workspace.revision, same)
    remember(this.#known, key, {
      asked,
      files: hashes(files, listed(new WorkspaceFiles(this.#folder, overlay))),
      workspace: same,
    })
    return same
  }

  /** The files as they are now. One that holds a secret is known by its tag only, so it never counts as unchanged. */
  #filesNow(asked: readonly string[], overlay: ReadonlyMap<string, string | null>): string {
    const files = new WorkspaceFiles(this.#folder, overlay)
    for (const path of asked) files.text(path)
    return hashes(files.list(), listed(files))
  }
}

/** Files that count by being there. */
function listed(files: WorkspaceFiles): string[] {
  return ['policies', 'environments', 'rules'].flatMap((folder) => files.yamlFilesIn(folder))
}

function hashes(files: readonly WorkspaceFile[], names: readonly string[]): string {
  return JSON.stringify([files.map(({ path, sha256 }) => [path, sha256]), names])
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
