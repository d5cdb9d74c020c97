import { jsonLines } from '../traffic/json-pretty.ts'

/** How a body is edited. */
export type BodyLook = 'text' | 'json' | 'hex'

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
