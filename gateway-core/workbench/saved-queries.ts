import { join } from 'node:path'
import { refused } from '../protocol/rpc-error.ts'
import type { SavedQuery } from '../protocol/types.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

const most = 200

/** Queries that a person gave a name, kept in `.gatehouse` of the workspace. */
export class SavedQueries {
  readonly #file: string

  constructor(folder: string) {
    this.#file = join(folder, '.gatehouse', 'queries.json')
  }

  list(): SavedQuery[] {
    return readJsonFile(this.#file, isList, [])
  }

  /** Adds a query, or replaces the one of that name. */
  save(name: string, query: string): SavedQuery[] {
    const title = name.trim().slice(0, 100)
    if (title === '') throw refused('a saved query needs a name')
    const list = this.list()
    const at = list.findIndex((one) => one.name === title)
    if (at === -1) list.push({ name: title, query })
    else list[at] = { name: title, query }
    if (list.length > most) throw refused(`there are ${most} saved queries already`, 'delete one first')
    return this.#write(list)
  }

  remove(name: string): SavedQuery[] {
    return this.#write(this.list().filter((one) => one.name !== name))
  }

  #write(list: SavedQuery[]): SavedQuery[] {
    try {
      writeJsonFile(this.#file, list)
    } catch (error) {
      throw refused(`${this.#file} cannot be written (${(error as NodeJS.ErrnoException).code})`)
    }
    return list
  }
}

function isList(value: unknown): value is SavedQuery[] {
  return (
    Array.isArray(value) &&
    value.every((one: Partial<SavedQuery> | null) => typeof one?.name === 'string' && typeof one.query === 'string')
  )
}
