/**
 * Header values travel as bytes, which Node shows as one character each. People read and write them as UTF-8. A byte
 * that is no UTF-8 becomes a lone surrogate U+DC80…U+DCFF, so that every value comes back byte for byte.
 */
export function textOfWire(latin1: string): string {
  if (/^[\0-\x7f]*$/.test(latin1)) return latin1
  // Characters beyond a byte were put there by a person, not by the wire.
  if (/[^\0-\xff]/.test(latin1)) return latin1
  const bytes = Buffer.from(latin1, 'latin1')
  let text = ''
  let from = 0
  while (from < bytes.length) {
    const length = sequenceLength(bytes, from)
    if (length === 0) text += String.fromCharCode(0xdc00 + bytes[from]!)
    else text += bytes.toString('utf8', from, from + length)
    from += Math.max(length, 1)
  }
  return text
}

/** The wire form of a text, the other way of {@link textOfWire}. */
export function wireOfText(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text
  let wire = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code >= 0xdc80 && code <= 0xdcff) wire += String.fromCharCode(code - 0xdc00)
    else wire += code < 0x80 ? character : Buffer.from(character, 'utf8').toString('latin1')
  }
  return wire
}

/** Bytes of the well-formed UTF-8 sequence that begins here (RFC 3629); 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0
  if (length === 0 || first > 0xf4 || at + length > bytes.length) return 0
  for (let next = 1; next < length; next++) if ((bytes[at + next]! & 0xc0) !== 0x80) return 0
  const second = bytes[at + 1]!
  if (first === 0xe0 && second < 0xa0) return 0
  if (first === 0xed && second > 0x9f) return 0
  if (first === 0xf0 && second < 0x90) return 0
  if (first === 0xf4 && second > 0x8f) return 0
  return length
}

/** Text of UTF-8 bytes; undefined where they are none, or hold NUL. */
export function utf8Of(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
