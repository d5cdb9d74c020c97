const maxDepth = 32

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Reads a JSON object as RFC 7515 §4 and RFC 8725 §2.4 want the parts of a token: one object, every member name once at
 * every depth (parsers differ in which duplicate they keep), not nested deeper than 32. The object is frozen through.
 */
export function readJsonObject(text: string): { value: JsonObject } | { problem: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is not a JSON object' }
  const problem = findDuplicateOrDepth(text)
  if (problem !== undefined) return { problem }
  freeze(value)
  return { value: value as JsonObject }
}

/** Walks text that is known to be JSON, with the names seen at each level. */
function findDuplicateOrDepth(text: string): string | undefined {
  const levels: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{' || character === '[') {
      levels.push(character === '{' ? new Set() : undefined)
      if (levels.length > maxDepth) return `is nested deeper than ${maxDepth}`
    } else if (character === '}' || character === ']') levels.pop()
    else if (character === '"') {
      const start = at
      at = endOfString(text, at)
      const names = levels.at(-1)
      if (!names || !isName(text, at)) continue
      const written = text.slice(start, at + 1)
      const name = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1)
      if (names.has(name)) return `has the member ${quoted(name)} twice`
      names.add(name)
    }
  }
  return undefined
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

function isName(text: string, closingQuote: number): boolean {
  let at = closingQuote + 1
  while (/\s/.test(text[at] ?? '')) at++
  return text[at] === ':'
}

function freeze(value: object): void {
  Object.freeze(value)
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freeze(inner as object)
}

/** A text from a stranger as it may stand in a message: JSON-escaped, shortened. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}
