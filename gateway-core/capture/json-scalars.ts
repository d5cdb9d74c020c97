const token = /[\s,:]+|"(?:[^"\\]|\\[^])*(?:"|$)|[[\]{}]|[^\s,:[\]{}"]+/y

/** One scalar of a JSON text. `end` is exclusive; quotes are inside the range. */
export interface Scalar {
  path: readonly (string | number)[]
  start: number
  end: number
  quoted: boolean
  /** It stands at or below a member whose name is marked. */
  marked: boolean
}

/**
 * Walks a JSON text and names every scalar with its path and its range of characters. It needs no valid document: a
 * truncated or damaged text is read as far as it makes sense, because secrets stand in those too. The path is only
 * good until `visit` returns.
 */
export function scanScalars(text: string, isMarked: (name: string) => boolean, visit: (scalar: Scalar) => void): void {
  const path: (string | number)[] = []
  const open: ('{' | '[')[] = []
  let expectsName = false
  /** Depth of the outermost marked member around us; 0: none. Kept along, so that deep nesting costs nothing. */
  let markedDepth = 0
  token.lastIndex = 0
  for (;;) {
    const start = token.lastIndex
    const match = token.exec(text)
    if (!match) return
    const word = match[0]
    const inside = open.at(-1)
    const first = word[0]!
    if (first === '{' || first === '[') {
      open.push(first)
      path.push(first === '[' ? 0 : '')
      expectsName = first === '{'
    } else if (first === '}' || first === ']') {
      open.pop()
      path.pop()
      if (path.length < markedDepth) markedDepth = 0
      expectsName = false
    } else if (/^[\s,:]/.test(first)) {
      if (!word.includes(',')) continue
      if (inside === '[') path[path.length - 1] = (path.at(-1) as number) + 1
      expectsName = inside === '{'
    } else if (expectsName) {
      const name = unquote(word)
      path[path.length - 1] = name
      if (markedDepth === 0 || markedDepth >= path.length) markedDepth = isMarked(name) ? path.length : 0
      expectsName = false
    } else {
      visit({ path, start, end: start + word.length, quoted: first === '"', marked: markedDepth > 0 })
    }
  }
}

function unquote(word: string): string {
  try {
    return String(JSON.parse(word))
  } catch {
    return word.replaceAll('"', '')
  }
}
