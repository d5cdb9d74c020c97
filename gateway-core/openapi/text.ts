import { isScalar, LineCounter, parse, parseDocument, type ParsedNode, YAMLParseError } from 'yaml'
import { tokensOf } from './pointer.ts'

/** Value of a JSON or YAML text, or the first thing that is wrong with it. */
export type ParsedText = { ok: true; value: unknown } | { ok: false; message: string; line?: number; column?: number }

/** Parses JSON, else YAML 1.2 (with merge keys, as many documents are written for). */
export function parseText(text: string): ParsedText {
  if (text.trim() === '') return { ok: false, message: 'the file is empty', line: 1, column: 1 }
  const looksLikeJson = /^\s*[{[]/.test(text)
  if (looksLikeJson) {
    try {
      return { ok: true, value: JSON.parse(text) }
    } catch {
      // YAML's flow style looks like JSON too, and its parser says better where it went wrong.
    }
  }
  try {
    return { ok: true, value: parse(text, { merge: true, maxAliasCount: 10_000, logLevel: 'error' }) }
  } catch (error) {
    if (!(error instanceof YAMLParseError)) return { ok: false, message: (error as Error).message }
    const [at] = error.linePos ?? []
    return {
      ok: false,
      message: wordsOf(error.message.split('\n')[0]!.replace(/ at line .*$/, ''), looksLikeJson),
      line: at?.line,
      column: at?.col,
    }
  }
}

/** The parser's words, where they are those of people who write JSON. */
function wordsOf(message: string, looksLikeJson: boolean): string {
  return looksLikeJson && /^Unexpected .* at node end$/.test(message) ? 'a comma is missing before this' : message
}

/** Gives line and column (1-based) of the node that a pointer leads to, or of the nearest node above it. */
export function positionsOf(text: string): (pointer: string) => { line?: number; column?: number } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true, logLevel: 'silent', strict: false })
  return (pointer) => {
    const tokens = tokensOf(pointer)
    for (let length = tokens.length; length >= 0; length -= 1) {
      const offset = offsetOf(document.contents, tokens.slice(0, length))
      if (offset !== undefined) {
        const { line, col } = lines.linePos(offset)
        return { line, column: col }
      }
    }
    return {}
  }
}

function offsetOf(root: ParsedNode | null, tokens: readonly string[]): number | undefined {
  let node: unknown = root
  let offset = root?.range?.[0]
  for (const token of tokens) {
    const items = (node as { items?: unknown[] } | null)?.items
    if (!items) return undefined
    const pair = items.find((item) => isPairOf(item, token)) as
      | { key: ParsedNode; value: ParsedNode | null }
      | undefined
    const next = pair ? pair.value : (items[Number(token)] as ParsedNode | undefined)
    offset = pair ? pair.key.range?.[0] : next?.range?.[0]
    if (offset === undefined) return undefined
    node = next
  }
  return offset
}

function isPairOf(item: unknown, token: string): boolean {
  if (typeof item !== 'object' || item === null || !('key' in item)) return false
  return isScalar(item.key) && String(item.key.value) === token
}
