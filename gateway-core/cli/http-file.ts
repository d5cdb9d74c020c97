import { CannotRun } from './command.ts'
import type { FileRequest, FileResponse } from './file-request.ts'
import { rawHeadersOf, splitAddress } from './file-request.ts'

/**
 * Reads a `.http` file: requests separated by lines that begin with `###`. A request is a line `METHOD target` (target a
 * path or a full URL, `HTTP/1.1` may follow), header lines, an empty line and a body. Lines that begin with `#` or `//`
 * before the request line are comments. A section that begins with `HTTP/1.1 200 OK` is the response of the upstream
 * to the request before it. Throws CannotRun with the line number.
 */
export function readHttpFile(text: string, file: string): FileRequest[] {
  const requests: FileRequest[] = []
  for (const section of sectionsOf(text)) {
    const response = readResponse(section, file)
    const last = requests.at(-1)
    if (!response) requests.push(readRequest(section, file))
    else if (last && !last.response) last.response = response
    else
      throw new CannotRun(`${file}:${section.line}: a response has to follow its request`, 'put it after the request')
  }
  if (requests.length === 0)
    throw new CannotRun(`${file} holds no request`, 'begin it with a line such as: GET /books/1')
  return requests
}

/** Reads a response alone: status line, headers, empty line, body. Throws CannotRun. */
export function readHttpResponse(text: string, file: string): FileResponse {
  const section = sectionsOf(text)[0]
  const response = section && readResponse(section, file)
  if (response) return response
  throw new CannotRun(`${file} holds no response`, 'begin it with a line such as: HTTP/1.1 200 OK')
}

interface Section {
  /** 1-based line of the first line kept. */
  line: number
  lines: string[]
}

const requestLine = /^(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]+)?(\S+)(?:[ \t]+HTTP\/(\d(?:\.\d)?))?[ \t]*$/
const statusLine = /^HTTP\/\d(?:\.\d)?[ \t]+(\d{3})(?:[ \t]+(.*?))?[ \t]*$/

function sectionsOf(text: string): Section[] {
  const sections: Section[] = []
  let current: Section | undefined
  for (const [at, line] of text
    .replace(/^\u{FEFF}/u, '')
    .split(/\r\n|\n/)
    .entries()) {
    if (line.startsWith('###')) current = undefined
    else if (current) current.lines.push(line)
    else if (line.trim() !== '' && !/^\s*(?:#|\/\/)/.test(line)) {
      current = { line: at + 1, lines: [line] }
      sections.push(current)
    }
  }
  return sections
}

function readRequest(section: Section, file: string): FileRequest {
  const match = requestLine.exec(section.lines[0]!)
  if (!match) {
    throw new CannotRun(`${file}:${section.line}: this is no request line`, 'write it like: GET /books/1 HTTP/1.1')
  }
  const [, method = 'GET', address, httpVersion = '1.1'] = match
  const { fields, body } = readRest(section, file)
  const { scheme, authority, target } = splitAddress(address!)
  const rawHeaders = rawHeadersOf(fields, authority)
  return {
    name: `${file}:${section.line}`,
    scheme,
    method,
    target,
    httpVersion,
    rawHeaders,
    ...(body && { body: { bytes: body, decoded: false } }),
  }
}

function readResponse(section: Section, file: string): FileResponse | undefined {
  const match = statusLine.exec(section.lines[0]!)
  if (!match) return undefined
  const { fields, body } = readRest(section, file)
  return {
    status: Number(match[1]),
    reason: match[2] ?? '',
    rawHeaders: fields.flat(),
    ...(body && { body: { bytes: body, decoded: false } }),
  }
}

function readRest(
  { line, lines }: Section,
  file: string,
): { fields: [string, string][]; body: Uint8Array | undefined } {
  const empty = lines.findIndex((text, at) => at > 0 && text.trim() === '')
  const head = lines.slice(1, empty < 0 ? undefined : empty)
  const fields = head.map((text, at): [string, string] => {
    const colon = text.indexOf(':')
    if (colon > 0) return [text.slice(0, colon), latin1(text.slice(colon + 1).trim())]
    const place = `${file}:${line + at + 1}`
    throw new CannotRun(`${place}: this is no header line`, 'write it like: Accept: application/json')
  })
  const body =
    empty < 0
      ? ''
      : lines
          .slice(empty + 1)
          .join('\n')
          .trimEnd()
  return { fields, body: body === '' ? undefined : Buffer.from(body) }
}

/** Header values go over the wire as bytes, and Node shows each byte as one character. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
