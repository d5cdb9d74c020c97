/** Pairs of a query or form (`application/x-www-form-urlencoded`), in order: the name decoded, the value still as sent. */
export type RawPairs = readonly (readonly [name: string, raw: string])[]

/** Splits a query without `?`. Empty pieces are left out; nothing throws on bad percent-encoding. */
export function rawPairsOf(query: string): RawPairs {
  if (query === '') return []
  const pairs: [string, string][] = []
  let start = 0
  while (start <= query.length) {
    let end = query.indexOf('&', start)
    if (end < 0) end = query.length
    if (end > start) {
      const equals = query.indexOf('=', start)
      if (equals < 0 || equals >= end) pairs.push([decodeForm(query.slice(start, end)), ''])
      else pairs.push([decodeForm(query.slice(start, equals)), query.slice(equals + 1, end)])
    }
    start = end + 1
  }
  return pairs
}

/** Undoes form encoding: plus is a space, percent-encoded UTF-8; where it is broken, only the sound escapes are undone. */
export function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

/** Undoes percent-encoding; where it is not valid UTF-8, the sound escapes are undone and the rest stays as sent. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run)
      } catch {
        return run
      }
    })
  }
}

/** Name and value pairs of a Cookie header (RFC 6265 §5.4), quotes around values removed. */
export function cookiesOf(header: string | undefined): [name: string, value: string][] {
  if (header === undefined) return []
  const pairs: [string, string][] = []
  for (const piece of header.split(';')) {
    const equals = piece.indexOf('=')
    if (equals < 0) continue
    const value = piece.slice(equals + 1).trim()
    const bare = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
    pairs.push([piece.slice(0, equals).trim(), bare])
  }
  return pairs
}
