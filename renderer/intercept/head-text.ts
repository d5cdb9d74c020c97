/** A head as a person edits it: one line, then a line for each field. */
export type Head =
  | { kind: 'request'; method: string; target: string; headers: string[] }
  | { kind: 'response'; status: number; reason: string; headers: string[] }

/** Why a text is no head; `line` counts from 1. */
export interface HeadProblem {
  line: number
  message: string
}

/** The text of a head. Names, order and repeats stay as they are. */
export function headText(
  start: { method: string; target: string } | { status: number; reason: string },
  headers: readonly string[],
): string {
  const first = 'method' in start ? `${start.method} ${start.target}` : `${start.status} ${start.reason}`.trim()
  const lines = [first]
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  return `${lines.join('\n')}\n`
}

/** Reads what a person wrote. An HTTP version at either end of the first line is left out: it is the connection's. */
export function readHead(text: string, kind: Head['kind']): Head | HeadProblem {
  const [first = '', ...lines] = text.replace(/\r\n?/g, '\n').split('\n')
  const headers: string[] = []
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') {
      const rest = lines.slice(at + 1).findIndex((one) => one.trim() !== '')
      if (rest === -1) break
      return { line: at + 3 + rest, message: 'a head ends at the empty line: the body stands below' }
    }
    const colon = line.indexOf(':')
    if (colon <= 0) return { line: at + 2, message: 'a header line is a name, a colon and a value' }
    headers.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return kind === 'request' ? requestHead(first, headers) : responseHead(first, headers)
}

function requestHead(line: string, headers: string[]): Head | HeadProblem {
  const match = /^(\S+)\s+(\S+)(?:\s+HTTP\/[\d.]+)?\s*$/.exec(line)
  if (!match) return { line: 1, message: 'the first line is a method and a target, like: GET /books?page=2' }
  return { kind: 'request', method: match[1]!, target: match[2]!, headers }
}

function responseHead(line: string, headers: string[]): Head | HeadProblem {
  const match = /^(?:HTTP\/[\d.]+\s+)?(\d{3})(?:\s+(.*?))?\s*$/.exec(line)
  if (!match) return { line: 1, message: 'the first line is a status and a reason, like: 200 OK' }
  return { kind: 'response', status: Number(match[1]), reason: match[2] ?? '', headers }
}

/** Value of a field in a list of names and values. */
export function fieldOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name)
  return at === -1 ? undefined : headers[at + 1]
}
