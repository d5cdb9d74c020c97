import { hexLine, hexWidth } from '../traffic/hex.ts'
import { jsonLines } from '../traffic/json-pretty.ts'

/** How a body is edited. */
export type BodyLook = 'text' | 'json' | 'hex'

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

export function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** The text of bytes that are UTF-8; undefined for others: a text editor would damage them. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    // A text area makes line feeds of other line ends, and knows no NUL.
    return /\0|\r/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** JSON laid out in lines, every digit and every repeated name kept; undefined when it is none. */
export function prettyJson(text: string): string | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  const lines = jsonLines(text)
  return lines?.map(({ indent, pieces }) => '  '.repeat(indent) + pieces.map((piece) => piece.text).join('')).join('\n')
}

/** What keeps a text from being JSON, or undefined. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
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
