import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceFile } from '../config/load.ts'
import type { Recent } from '../protocol/types.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

type Entry = Omit<Recent, 'exists'>

const most = 20

/** Workspaces that were open lately, newest first. */
export class RecentWorkspaces {
  readonly #file: string

  constructor(configFolder: string) {
    this.#file = join(configFolder, 'recent.json')
  }

  list(): Recent[] {
    return this.#read().map((entry) => ({ ...entry, exists: existsSync(join(entry.folder, workspaceFile)) }))
  }

  /** Puts a workspace on top. A list that cannot be written is no reason to stop. */
  opened(folder: string, name: string, openedAt: number): void {
    const others = this.#read().filter((entry) => entry.folder !== folder)
    try {
      writeJsonFile(this.#file, [{ folder, name, openedAt }, ...others].slice(0, most))
    } catch {
      // A read-only home: nothing is remembered.
    }
  }

  #read(): Entry[] {
    return readJsonFile(this.#file, isList, [])
  }
}

function isList(value: unknown): value is Entry[] {
  return (
    Array.isArray(value) &&
    value.every((one: Partial<Entry> | null) => typeof one?.folder === 'string' && typeof one.openedAt === 'number')
  )
}
