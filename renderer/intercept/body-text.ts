import { jsonLines } from '../traffic/json-pretty.ts'

/** How a body is edited. */
export type BodyLook = 'text' | 'json' | 'hex'

/** How the lines of a text end: a text area knows line feeds alone. */
export type LineEnds = 'lf' | 'crlf' | 'mixed'

/** Stands for a carriage return where lines end in several ways. */
const carriageReturn = '␍'

/** The text of bytes that are UTF-8; undefined for others: a text editor would damage them. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') || (text.includes('\r') && text.includes(carriageReturn)) ? undefined : text
  } catch {
    return undefined
  }
}

export function lineEndsOf(text: string): LineEnds {
  if (!text.includes('\r')) return 'lf'
  return /\r(?!\n)|(?:^|[^\r])\n/.test(text) ? 'mixed' : 'crlf'
}

/** A text as a text area can hold it. */
export function editable(text: string): string {
  const ends = lineEndsOf(text)
  if (ends === 'crlf') return text.replaceAll('\r\n', '\n')
  return ends === 'mixed' ? text.replaceAll('\r', carriageReturn) : text
}

/** What was typed, with the line ends that the text had. */
export function typed(text: string, ends: LineEnds): string {
  if (ends === 'crlf') return text.replaceAll('\n', '\r\n')
  return ends === 'mixed' ? text.replaceAll(carriageReturn, '\r') : text
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
