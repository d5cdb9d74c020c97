/** A piece of a JSON text with its colour. */
export interface JsonPiece {
  text: string
  kind: 'name' | 'text' | 'number' | 'word' | 'mark'
}

/** One line of formatted JSON. */
export interface JsonLine {
  indent: number
  pieces: JsonPiece[]
}

const token = /\s+|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:])|(.)/gsy

/**
 * Lays a JSON text out in lines, token by token: numbers keep every digit and repeated names stay, as they would not if
 * it were parsed and printed. Undefined when it is not JSON enough for that.
 */
export function jsonLines(text: string, mostLines = 200_000): JsonLine[] | undefined {
  const lines: JsonLine[] = []
  let line: JsonLine = { indent: 0, pieces: [] }
  const closers: string[] = []
  let before = ''
  token.lastIndex = 0
  const turn = () => {
    lines.push(line)
    line = { indent: closers.length, pieces: [] }
  }
  for (const [whole, string, number, word, mark, other] of text.matchAll(token)) {
    if (other !== undefined || lines.length > mostLines) return undefined
    if (string !== undefined) line.pieces.push({ text: whole, kind: 'text' })
    else if (number !== undefined) line.pieces.push({ text: whole, kind: 'number' })
    else if (word !== undefined) line.pieces.push({ text: whole, kind: 'word' })
    else if (mark === undefined) continue
    else if (mark === '{' || mark === '[') {
      line.pieces.push({ text: mark, kind: 'mark' })
      closers.push(mark === '{' ? '}' : ']')
      turn()
    } else if (mark === '}' || mark === ']') {
      if (closers.pop() !== mark) return undefined
      if (before === '{' || before === '[') line = lines.pop()!
      else turn()
      if (line.pieces.length === 0) line.indent = closers.length
      line.pieces.push({ text: mark, kind: 'mark' })
    } else if (mark === ',') {
      line.pieces.push({ text: ',', kind: 'mark' })
      turn()
    } else {
      const name = line.pieces.at(-1)
      if (name?.kind !== 'text') return undefined
      name.kind = 'name'
      line.pieces.push({ text: ': ', kind: 'mark' })
    }
    before = mark ?? whole
  }
  if (closers.length > 0) return undefined
  lines.push(line)
  return lines
}
