import type { DiagnosticCode } from '../errors.ts'
import { fillDefaults } from './json-schema.ts'
import { escapeKey, pointerKeys } from './origins.ts'
import { structure } from './schema.ts'

/**
 * Parts of a workspace whose structure is wrong: an API, a route, a consumer, an upstream or a whole section. They are
 * left out of everything that comes after, so that one mistake does not hide those in other parts.
 */
export class BrokenParts {
  readonly #pointers = new Set<string>()
  readonly #keys: (readonly [api: string, key: string])[] = []

  /**
   * `pointer` is where the mistake is; the smallest part around it is broken. A key too many is harmless in the part
   * itself, but deeper, and in an upstream, it stands in the place of one that is needed.
   */
  add(pointer: string, code: DiagnosticCode): void {
    const [section, ...keys] = pointerKeys(pointer)
    if (section === undefined) return
    const isRoute = section === 'apis' && keys[1] === 'routes' && keys[2] !== undefined
    const inParts = section === 'apis' || section === 'consumers' || section === 'upstreams'
    // What an API says in one of its own keys is left out alone: the rest of it can be read all the same.
    if (section === 'apis' && !isRoute && keys[1] !== 'routes') {
      if (keys.length > 1 && code !== 'UNKNOWN_KEY') this.#keys.push([keys[0]!, keys[1]!])
      if (keys.length > 1 || code === 'MISSING_KEY') return
    }
    const depth = isRoute ? 3 : inParts && keys.length > 0 ? 1 : 0
    if (code === 'UNKNOWN_KEY' && section !== 'upstreams' && keys.length <= depth + 1) return
    this.#pointers.add(['', section, ...keys.slice(0, depth)].map(escapeKey).join('/'))
  }

  has(pointer: string): boolean {
    return this.#pointers.has(pointer)
  }

  /** Removes broken sections from the root; their defaults take their place. */
  leaveOut(root: Record<string, unknown>): void {
    for (const [api, key] of this.#keys) {
      delete (root['apis'] as Record<string, Record<string, unknown>> | undefined)?.[api]?.[key]
    }
    for (const pointer of this.#pointers) {
      const keys = pointerKeys(pointer)
      if (keys.length === 1) delete root[keys[0]!]
    }
    if (this.#pointers.size > 0) fillDefaults(structure.workspace, root)
  }
}
