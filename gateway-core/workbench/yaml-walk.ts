import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

/** A text as YAML with places, however broken: what could be read is there. */
export function yamlOf(text: string): Document.Parsed {
  return parseDocument(text, { prettyErrors: false, strict: false, logLevel: 'silent', keepSourceTokens: true })
}

export type YamlNode = Node | null | undefined

/** The value of a key; undefined when the node is no mapping or has no such key. */
export function valueOf(node: YamlNode, key: string): Node | undefined {
  return (pairOf(node, key)?.value as Node | null | undefined) ?? undefined
}

export function pairOf(node: YamlNode, key: string): Pair | undefined {
  return pairsOf(node).find((pair) => keyOf(pair) === key)
}

export function pairsOf(node: YamlNode): Pair[] {
  return isMap(node) ? (node as YAMLMap).items : []
}

export function itemsOf(node: YamlNode): Node[] {
  return isSeq(node) ? ((node as YAMLSeq).items as Node[]) : []
}

export function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : ''
}

/** Text of a scalar; undefined for everything else. */
export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined
}

/** `[start, end)` of what is written, without trailing blanks; undefined for a node that is nowhere. */
export function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range
  return range ? [range[0], range[1]] : undefined
}
