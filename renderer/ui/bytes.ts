import { hexLine, hexWidth } from './hex.ts'

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

export function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** A dump of bytes that can be edited: the columns of hexadecimal digits count, the rest is for the eye. */
export function hexText(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let line = 0; line * hexWidth < bytes.length; line++) {
    const { offset, hex, text } = hexLine(bytes, line)
    lines.push(`${offset}  ${hex} ${text}`)
  }
  return lines.join('\n')
}

/** Reads a dump: lines of ours, or any run of pairs of digits. */
export function readHex(text: string): Uint8Array | { line: number; message: string } {
  const bytes: number[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const dump = /^[0-9a-f]{8} {2}(.{0,48})/i.exec(line)
    const digits = (dump ? dump[1]! : line).trim()
    for (const pair of digits.split(/\s+/)) {
      if (!/^(?:[0-9a-f]{2})+$/i.test(pair)) {
        return { line: at + 1, message: `${JSON.stringify(pair.slice(0, 12))} is not a pair of hexadecimal digits` }
      }
      for (let place = 0; place < pair.length; place += 2) bytes.push(Number.parseInt(pair.slice(place, place + 2), 16))
    }
  }
  return Uint8Array.from(bytes)
}
