/**
 * The `for` of each hop in `Forwarded` fields (RFC 7239 §4), in order. A hop that names none, names it twice or cannot be
 * read gives the text as written (or `unknown`), which is no address: reading from the right stops there.
 */
export function forwardedFor(fields: readonly string[]): string[] {
  return fields.flatMap((field) => splitOutsideQuotes(field, ',')).map((element) => forOf(element))
}

function forOf(element: string): string {
  let found: string | undefined
  for (const pair of splitOutsideQuotes(element, ';')) {
    const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+))\s*$/.exec(
      pair,
    )
    if (!match) return element
    if (match[1]!.toLowerCase() !== 'for') continue
    if (found !== undefined) return element
    found = match[3] ?? match[2]!.replaceAll(/\\(.)/g, '$1')
  }
  return found ?? 'unknown'
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\' && quoted) at++
    else if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
