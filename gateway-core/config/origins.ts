import { isMap, isScalar, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import type { SourceFile, SourceRange } from './source.ts'

/** A mapping or list as plain data. */
export type Container = Record<string, unknown> | unknown[]

/** Which part of an entry of a mapping is meant. Entries of lists have no key: there it is always the value. */
export type Part = 'key' | 'value'

/**
 * Remembers where plain values were written. Every mapping and list made from YAML is registered once; a value is
 * found by the container it stands in and its key, or by a JSON pointer from any registered container.
 */
export class Origins {
  readonly #written = new WeakMap<Container, { source: SourceFile; node: YAMLMap | YAMLSeq }>()
  readonly #merged = new WeakMap<Container, { base: Container; overlay: Container }>()
  readonly #pairs = new WeakMap<YAMLMap, Map<string, Pair>>()

  written(container: Container, source: SourceFile, node: YAMLMap | YAMLSeq): void {
    this.#written.set(container, { source, node })
  }

  /** The container was made of two others: keys of `overlay` come from there, all others from `base`. */
  merged(container: Container, base: Container, overlay: Container): void {
    this.#merged.set(container, { base, overlay })
  }

  /** Where a whole mapping or list was written. */
  container(container: Container): SourceRange | undefined {
    const written = this.#written.get(container)
    if (written) return rangeOf(written.source, written.node)
    const merged = this.#merged.get(container)
    return merged && (this.container(merged.base) ?? this.container(merged.overlay))
  }

  /** Where an entry of a mapping or list was written; undefined when it was not (a default). */
  entry(container: Container, key: string | number, part: Part): SourceRange | undefined {
    const merged = this.#merged.get(container)
    if (merged) {
      return Object.hasOwn(merged.overlay, key)
        ? this.entry(merged.overlay, key, part)
        : this.entry(merged.base, key, part)
    }
    const written = this.#written.get(container)
    if (!written) return undefined
    const { source, node } = written
    if (!isMap(node)) return rangeOf(source, node.items[Number(key)] as Node | undefined)
    const pair = this.#pairOf(node, String(key))
    if (!pair) return undefined
    const keyRange = rangeOf(source, pair.key as Node)
    if (part === 'key') return keyRange
    const value = pair.value as Node | null
    const empty = value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1])
    return empty ? keyRange : rangeOf(source, value)
  }

  /**
   * Where the value at an RFC 6901 pointer was written, going down from `root`. Where the path is not written (a
   * missing key, a default), the nearest written value around it.
   */
  locate(root: Container, pointer: string, part: Part = 'value'): SourceRange | undefined {
    let container: unknown = root
    let found = this.container(root)
    const keys = pointerKeys(pointer)
    for (const [at, key] of keys.entries()) {
      if (typeof container !== 'object' || container === null) break
      const wanted = at === keys.length - 1 ? part : 'value'
      const child = (container as Record<string, unknown>)[key]
      const range = this.entry(container as Container, key, wanted) ?? this.#ofChild(child)
      if (!range) break
      found = range
      container = child
    }
    return found
  }

  /** A list made of several (consumers of two files) is written nowhere, but its items are. */
  #ofChild(child: unknown): SourceRange | undefined {
    return typeof child === 'object' && child !== null ? this.container(child as Container) : undefined
  }

  #pairOf(node: YAMLMap, key: string): Pair | undefined {
    let pairs = this.#pairs.get(node)
    if (!pairs) {
      pairs = new Map(node.items.map((pair) => [keyText(pair), pair]))
      this.#pairs.set(node, pairs)
    }
    return pairs.get(key)
  }
}

/** A mapping's key as text; YAML would also allow numbers and others. */
export function keyText(pair: Pair): string {
  if (!isScalar(pair.key)) return ''
  return typeof pair.key.value === 'string' ? pair.key.value : (pair.key.source ?? String(pair.key.value))
}

/** Keys of an RFC 6901 pointer. */
export function pointerKeys(pointer: string): string[] {
  return pointer === '' ? [] : pointer.slice(1).split('/').map(unescapeKey)
}

export function escapeKey(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

function rangeOf(source: SourceFile, node: Node | null | undefined): SourceRange | undefined {
  return node?.range ? { source, start: node.range[0], end: node.range[1] } : undefined
}
