/** A JSON name that stands twice in one object: which value counts differs from parser to parser. */
export interface DuplicateKey {
  name: string
  /** Character offset of the second occurrence. */
  offset: number
}

/**
 * Finds a duplicate name in `text`, which has parsed to `value`. Valid JSON has one colon outside strings per member, so
 * counting both says cheaply whether members were lost; only then is the text read name by name. Undefined: there is none.
 */
export function duplicateKey(text: string, value: unknown): DuplicateKey | undefined {
  return colonsOutsideStrings(text) === membersOf(value) ? undefined : search(text)
}

/** In valid JSON such a colon follows a string, perhaps after white space. */
function colonsOutsideStrings(text: string): number {
  let count = 0
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', quote)) {
    quote = endOfString(text, quote)
    let after = text.codePointAt(quote)
    while (after === 32 || after === 10 || after === 13 || after === 9) after = text.codePointAt(++quote)
    if (after === 58) count += 1
  }
  return count
}

/** Offset after the closing quote of the string that opens at `quote`. */
function endOfString(text: string, quote: number): number {
  let end = text.indexOf('"', quote + 1)
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end + 1
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.codePointAt(at - 1 - slashes) === 92) slashes += 1
  return slashes % 2 === 1
}

function membersOf(value: unknown): number {
  let count = 0
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === 'object') open.push(item)
      continue
    }
    for (const name in next) {
      count += 1
      const child = (next as Record<string, unknown>)[name]
      if (typeof child === 'object') open.push(child)
    }
  }
  return count
}

function search(text: string): DuplicateKey | undefined {
  const scopes: Set<string>[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (character === '{') scopes.push(new Set())
    else if (character === '[') scopes.push(new Set())
    else if (character === '}' || character === ']') scopes.pop()
    else if (character === '"') {
      const end = endOfString(text, at)
      if (/^\s*:/.test(text.slice(end, end + 64))) {
        const name = JSON.parse(text.slice(at, end)) as string
        const scope = scopes.at(-1)
        if (scope?.has(name)) return { name, offset: at }
        scope?.add(name)
      }
      at = end
      continue
    }
    at += 1
  }
  return undefined
}

/** Whether a parsed value is nested deeper than `most` levels, found without recursion. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true
    const next: unknown[] = []
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue
      for (const child of Array.isArray(node) ? node : Object.values(node)) {
        if (typeof child === 'object' && child !== null) next.push(child)
      }
    }
    level = next
  }
  return false
}
