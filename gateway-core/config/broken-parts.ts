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

  /**
   * `pointer` is where the mistake is; the smallest part around it is broken. A key too many is harmless in the part
   * itself, but deeper, and in an upstream, it stands in the place of one that is needed.
   */
  add(pointer: string, code: DiagnosticCode): void {
    const [section, ...keys] = pointerKeys(pointer)
    if (section === undefined) return
    const isRoute = section === 'apis' && keys[1] === 'routes' && keys[2] !== undefined
    const inParts = section === 'apis' || section === 'consumers' || section === 'upstreams'
    const depth = isRoute ? 3 : inParts && keys.length > 0 ? 1 : 0
    if (code === 'UNKNOWN_KEY' && section !== 'upstreams' && keys.length <= depth + 1) return
    this.#pointers.add(['', section, ...keys.slice(0, depth)].map(escapeKey).join('/'))
  }

  has(pointer: string): boolean {
    return this.#pointers.has(pointer)
  }

  /** Removes broken sections from the root; their defaults take their place. */
  leaveOut(root: Record<string, unknown>): void {
    for (const pointer of this.#pointers) {
      const keys = pointerKeys(pointer)
      if (keys.length === 1) delete root[keys[0]!]
    }
    if (this.#pointers.size > 0) fillDefaults(structure.workspace, root)
  }
}
