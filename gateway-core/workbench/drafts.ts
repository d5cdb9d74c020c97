import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import { refused } from '../protocol/rpc-error.ts'

export interface Draft {
  text: string
  /** Version that the edit began with. */
  base: string
}

type Stored = Draft & { path: string }

/** Texts that nobody saved yet, in `.gatehouse/drafts`: they survive the end of any process. */
export class Drafts {
  readonly #folder: string
  readonly #byPath = new Map<string, Stored>()

  constructor(workspace: string) {
    this.#folder = join(workspace, '.gatehouse', 'drafts')
    for (const name of namesIn(this.#folder)) {
      const draft = readJsonFile<Stored | undefined>(join(this.#folder, name), isStored, undefined)
      if (draft && this.#fileOf(draft.path).endsWith(name)) this.#byPath.set(draft.path, draft)
    }
  }

  get(path: string): Draft | undefined {
    const draft = this.#byPath.get(path)
    return draft && { text: draft.text, base: draft.base }
  }

  list(): readonly Stored[] {
    return [...this.#byPath.values()]
  }

  keep(path: string, draft: Draft): void {
    const stored = { path, ...draft }
    try {
      writeJsonFile(this.#fileOf(path), stored)
    } catch (error) {
      throw refused(`the draft of ${path} cannot be kept (${(error as NodeJS.ErrnoException).code})`, 'save the file')
    }
    this.#byPath.set(path, stored)
  }

  forget(path: string): void {
    this.#byPath.delete(path)
    rmSync(this.#fileOf(path), { force: true })
  }

  #fileOf(path: string): string {
    return join(this.#folder, `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

function isStored(value: unknown): value is Stored | undefined {
  const draft = value as Partial<Stored> | null
  return typeof draft?.path === 'string' && typeof draft.text === 'string' && typeof draft.base === 'string'
}
