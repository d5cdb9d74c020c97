/** Told of each part of a JSON text in order. Ranges are `[start, end)` in the text; strings include their quotes. */
export interface JsonVisitor {
  open(object: boolean, start: number): void
  close(end: number): void
  key(start: number, end: number): void
  scalar(start: number, end: number, quoted: boolean): void
}

/** What is wrong with a JSON text, and where. */
export interface JsonFault {
  message: string
  offset: number
}

/**
 * Reads a JSON text (RFC 8259, strictly; a byte order mark in front is passed over) without building anything, so that it can be
 * edited in place: what stands outside of the edited ranges keeps every byte. Each of several equal keys is told of, and
 * depth costs no stack. It works on UTF-8 read as latin1 too (`bytesAsText`), where offsets are bytes.
 */
export function scanJson(text: string, visitor: JsonVisitor): JsonFault | undefined {
  const objects: boolean[] = []
  let expects: 'a value' | 'a value or ]' | 'a key' | 'a key or }' | 'a colon' | 'a comma or the end' | 'nothing more' =
    'a value'
  let at = skipMark(text)
  for (;;) {
    at = skipSpace(text, at)
    if (at >= text.length) {
      return expects === 'nothing more'
        ? undefined
        : { message: `the text ends, but ${expects} was expected`, offset: at }
    }
    const code = text.charCodeAt(at)
    if (expects === 'nothing more') return { message: 'something follows after the value', offset: at }
    if (expects === 'a colon') {
      if (code !== colon) return { message: 'a colon was expected', offset: at }
      at += 1
      expects = 'a value'
    } else if (expects === 'a comma or the end') {
      const object = objects.at(-1)!
      if (code === comma) {
        at += 1
        expects = object ? 'a key' : 'a value'
      } else if (code === (object ? closeBrace : closeBracket)) {
        at = close(at)
      } else return { message: `a comma or ${object ? '}' : ']'} was expected`, offset: at }
    } else if (expects === 'a key' || expects === 'a key or }') {
      if (code === quote) {
        const end = endOfString(text, at)
        if (end < 0) return badString(text, -end)
        visitor.key(at, end)
        at = end
        expects = 'a colon'
      } else if (code === closeBrace && expects === 'a key or }') at = close(at)
      else return { message: 'a key in double quotes was expected', offset: at }
    } else if (code === closeBracket && expects === 'a value or ]') at = close(at)
    else if (code === openBrace || code === openBracket) {
      visitor.open(code === openBrace, at)
      objects.push(code === openBrace)
      expects = code === openBrace ? 'a key or }' : 'a value or ]'
      at += 1
    } else {
      const end = code === quote ? endOfString(text, at) : endOfWord(text, at)
      if (end < 0) return code === quote ? badString(text, -end) : { message: 'a value was expected', offset: at }
      visitor.scalar(at, end, code === quote)
      at = end
      expects = objects.length === 0 ? 'nothing more' : 'a comma or the end'
    }
  }

  function close(from: number): number {
    objects.pop()
    visitor.close(from + 1)
    expects = objects.length === 0 ? 'nothing more' : 'a comma or the end'
    return from + 1
  }
}

/** UTF-8 bytes as a text in which each character is one byte; `textAsBytes` turns it back without loss. */
export function bytesAsText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function textAsBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Characters of a text in which each character is one byte of UTF-8. */
export function decoded(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'latin1').toString('utf8')
}

/** The opposite of `decoded`. */
export function encoded(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** Value of a string token (quotes included) of a text in which each character is one byte. */
export function stringValue(token: string): string {
  const inside = decoded(token.slice(1, -1))
  return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false
  return true
}

const [quote, comma, colon, openBrace, closeBrace, openBracket, closeBracket, backslash] = [
  34, 44, 58, 123, 125, 91, 93, 92,
]
const word = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

function skipMark(text: string): number {
  if (text.charCodeAt(0) === 0xfeff) return 1
  return text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at
    at += 1
  }
}

/** End of the string that begins at `start`, or minus the offset of what is wrong in it. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code < 32) return -at
    if (code !== backslash) continue
    at += 1
    const escape = text[at]
    if (escape === 'u') {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) return -at
      at += 4
    } else if (escape === undefined || !'"\\/bfnrt'.includes(escape)) return -at
  }
  return -at
}

function endOfWord(text: string, start: number): number {
  word.lastIndex = start
  return word.test(text) ? word.lastIndex : -1
}

function badString(text: string, offset: number): JsonFault {
  const message = offset >= text.length ? 'a string does not end' : 'a string holds a bad escape or control character'
  return { message, offset }
}
