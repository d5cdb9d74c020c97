import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml'
import type { DiagnosticCode } from '../errors.ts'
import { keyText, type Origins } from './origins.ts'
import type { SourceFile, SourceRange } from './source.ts'

/** More values than aliases of an honest workspace stand for: aliases of aliases grow without bound. */
const maxAliasedValues = 50_000

export type ReportAt = (
  range: SourceRange,
  code: DiagnosticCode,
  message: string,
  suggestion?: string,
  severity?: 'error' | 'warning',
) => void

/**
 * Reads YAML 1.2 into plain data, every mapping and list registered in `origins`. Returns undefined after reporting
 * what is wrong: all syntax errors and duplicate keys at once.
 */
export function readYaml(source: SourceFile, origins: Origins, report: ReportAt): { value: unknown } | undefined {
  const document = parseDocument(source.text, { prettyErrors: false, strict: true, version: '1.2', logLevel: 'error' })
  const lines = new Set<number>()
  const places = new Places(document, source.text)
  for (const error of [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])) {
    const [start, end] = places.of(error)
    const { line } = source.positionAt(start)
    // What comes after the first thing that is not understood are echoes of it, and so is the rest of a line.
    if (lines.has(line) || (lines.size > 0 && error.code === 'UNEXPECTED_TOKEN')) continue
    lines.add(line)
    const range = { source, start, end: Math.max(end, start + 1) }
    if (error.code === 'DUPLICATE_KEY')
      report(duplicateKeyRange(source, start), 'YAML_DUPLICATE_KEY', ...duplicateKey(source, start))
    else report(range, 'YAML_SYNTAX', sentence(error, source.text), hintFor(error.code, source.text, range.start))
  }
  if (lines.size > 0) return undefined
  return new Reader(source, document, origins, report).read()
}

/** More unclosed quotes and brackets than a person mends at once: in a file of brackets, each costs a search. */
const mostUnclosed = 20

/** Where a person has to look: a quote or bracket that is never closed is told where it begins, not where the file ends. */
class Places {
  readonly #document: Document
  readonly #text: string
  #opened: readonly (readonly [start: number, end: number])[] | undefined
  #left = mostUnclosed

  constructor(document: Document, text: string) {
    this.#document = document
    this.#text = text
  }

  of({ code, message, pos }: YAMLParseError | YAMLWarning): readonly [number, number] {
    const quote = /Missing closing (["'])quote/.exec(message)?.[1]
    const opens = quote ?? { map: '{', sequence: '[' }[/^Flow (map|sequence)/.exec(message)?.[1] ?? '']
    if (opens === undefined || (code !== 'MISSING_CHAR' && code !== 'BAD_INDENT') || this.#left-- <= 0) return pos
    const around = (this.#opened ??= this.#all()).findLast(
      ([start, end]) => start < pos[0] && end >= pos[0] && this.#text[start] === opens,
    )
    return around ? [around[0], around[0] + 1] : pos
  }

  #all(): (readonly [number, number])[] {
    const ranges: (readonly [number, number])[] = []
    visit(this.#document, (_, node) => {
      const range = isNode(node) ? node.range : undefined
      if (range && /["'[{]/.test(this.#text[range[0]] ?? '')) ranges.push([range[0], range[2]])
    })
    return ranges
  }
}

const hints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  MULTIPLE_DOCS: 'keep one: remove the line --- and what does not belong',
  BAD_INDENT: 'items of one level start in the same column',
  MISSING_CHAR: 'check quotes, brackets and colons around here',
  BLOCK_AS_IMPLICIT_KEY:
    'check the indentation here and on the next line; a nested mapping begins on a line of its own',
  MULTILINE_IMPLICIT_KEY: 'check the indentation here and on the next line',
  UNEXPECTED_TOKEN: 'put the value in quotes, or check the line before',
  BAD_SCALAR_START: 'put the value in quotes',
  TAG_RESOLVE_FAILED: 'leave the tag out, or put the value in quotes',
}

function hintFor(code: string, text: string, at: number): string | undefined {
  const ahead = text.slice(at, at + 60).split('\n', 1)[0]!
  if (code === 'BAD_INDENT' && /[{[]/.test(ahead[0] ?? ''))
    return `close it with ${ahead[0] === '{' ? '}' : ']'}, or indent the lines that belong to it`
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /^[^"'{[].*:\s/.test(ahead))
    return `a text with a colon in it needs quotes: ${JSON.stringify(ahead.trim())}`
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  if (code === 'MISSING_CHAR' && /["']/.test(ahead[0] ?? '')) return `close it with ${ahead[0]}`
  const brace = code === 'UNEXPECTED_TOKEN' && text[at] === '{' && line.includes('{')
  return brace ? 'inside { … } a value with braces needs quotes: "/books/{id}"' : hints[code]
}

function duplicateKey(source: SourceFile, start: number): [string, string] {
  const range = duplicateKeyRange(source, start)
  const key = source.text.slice(range.start, range.end)
  return [`the key ${key} stands twice in this mapping`, 'keep one of them']
}

function duplicateKeyRange(source: SourceFile, start: number): SourceRange {
  const key = /^("[^"\n]*"|'[^'\n]*'|[^:\n]+)/.exec(source.text.slice(start, start + 200))?.[0].trimEnd() ?? ''
  return { source, start, end: start + Math.max(1, key.length) }
}

function sentence({ code, message, pos }: YAMLParseError | YAMLWarning, text: string): string {
  if (code === 'UNEXPECTED_TOKEN') {
    const found = text
      .slice(pos[0], Math.max(pos[1], pos[0] + 1))
      .split('\n', 1)[0]!
      .slice(0, 20)
    return found === '' ? 'something is missing here' : `${JSON.stringify(found)} is not expected here`
  }
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, and only one is read'
  const bracket = /^Flow (map|sequence)/.exec(message)?.[1]
  if (bracket) return `this ${bracket === 'map' ? '{' : '['} is not closed before its lines end`
  const first = message
    .split('\n', 1)[0]!
    .trim()
    .replace(/closing (["'])quote/, 'closing quote $1')
  return first.charAt(0).toLowerCase() + first.slice(1)
}

class TooMuch extends Error {}

class Reader {
  readonly #source: SourceFile
  readonly #document: Document
  readonly #origins: Origins
  readonly #report: ReportAt
  readonly #resolving = new Set<Node>()
  #aliased = 0
  #failed = false

  constructor(source: SourceFile, document: Document, origins: Origins, report: ReportAt) {
    this.#source = source
    this.#document = document
    this.#origins = origins
    this.#report = report
  }

  read(): { value: unknown } | undefined {
    try {
      const value = this.#value(this.#document.contents)
      return this.#failed ? undefined : { value }
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error
      this.#fail(null, 'the aliases of this file expand to too many values', 'write the values out')
      return undefined
    }
  }

  #value(node: Node | null): unknown {
    if (this.#resolving.size > 0 && ++this.#aliased > maxAliasedValues) throw new TooMuch()
    if (node === null) return null
    if (isScalar(node)) return typeof node.value === 'bigint' ? Number(node.value) : node.value
    if (isAlias(node)) return this.#alias(node)
    if (isSeq(node)) {
      const list: unknown[] = node.items.map((item) => this.#value(item as Node | null))
      this.#origins.written(list, this.#source, node)
      return list
    }
    if (!isMap(node)) return null
    const mapping: Record<string, unknown> = {}
    for (const pair of node.items) {
      if (!isScalar(pair.key)) this.#fail(pair.key as Node | null, 'a key has to be a plain word', 'write: key: value')
      const key = keyText(pair)
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        this.#fail(
          pair.key,
          'merge keys (<<) are not part of YAML 1.2',
          'write the keys out, or take the whole value: *name',
        )
        continue
      }
      const value = this.#value(pair.value as Node | null)
      if (key === '__proto__')
        Object.defineProperty(mapping, key, { value, enumerable: true, writable: true, configurable: true })
      else mapping[key] = value
    }
    this.#origins.written(mapping, this.#source, node)
    return mapping
  }

  #alias(node: Node & { resolve(document: Document): Node | undefined }): unknown {
    const target = node.resolve(this.#document)
    if (!target || this.#resolving.has(target)) {
      this.#fail(node, 'this alias refers to itself or to nothing', 'write the value out')
      return null
    }
    this.#resolving.add(target)
    const value = this.#value(target)
    this.#resolving.delete(target)
    return value
  }

  #fail(node: Node | null, message: string, suggestion: string): void {
    this.#failed = true
    const [start, end] = node?.range ?? [0, 1]
    this.#report({ source: this.#source, start, end }, 'YAML_SYNTAX', message, suggestion)
  }
}
