import type { ImportProblem } from '../protocol/replay-reports.ts'
import type { ReplayField, ReplayRequest } from '../protocol/replay-request.ts'
import { plainSettings } from './from-exchange.ts'
import { endOfScript, type Line, readBody } from './http-file-body.ts'
import type { ResponseHandler } from './response-handler.ts'
import { importCurl } from './import/curl.ts'
import { asGraphQl } from './import/graphql.ts'

/** One request of a `.http` file, with the part of the text that is its own. */
export interface HttpFileRequest {
  name: string
  /** 1-based line of the request line. */
  line: number
  /** Characters of the text that belong to it, without the separator before. */
  start: number
  end: number
  request: ReplayRequest
  /** Lines of it that the request does not hold: comments, scripts and what else other tools know. They stay when it is written anew. */
  kept: { before: string[]; after: string[] }
  /** What the scripts behind it take from the response, and want of it. */
  handler: ResponseHandler
}

export interface HttpFile {
  /** `@name = value`, as written. */
  variables: Map<string, string>
  requests: HttpFileRequest[]
  problems: ImportProblem[]
}

const requestLine =
  /^(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]+)?(\S.*?)(?:[ \t]+HTTP\/(\d(?:\.\d)?)(?:[ \t]+\([^)]*\))?)?[ \t]*$/
const directive = /^\s*(?:#|\/\/)\s*@([\w-]+)(?:[ \t]*[= \t][ \t]*(.*))?$/

/**
 * Reads a `.http` file as VS Code's REST Client and JetBrains write it: requests between lines that begin with `###`,
 * names, `@variables`, bodies from files. Scripts and whatever else is not taken over is named with its line.
 */
export function readHttpText(text: string): HttpFile {
  const file: HttpFile = { variables: new Map(), requests: [], problems: [] }
  for (const section of sectionsOf(text)) readSection(section, file)
  const seen = new Map<string, number>()
  for (const one of file.requests) {
    const times = (seen.get(one.name) ?? 0) + 1
    seen.set(one.name, times)
    if (times > 1) one.name = `${one.name} (${times})`
  }
  return file
}

interface Section {
  title: string
  start: number
  end: number
  lines: Line[]
}

function sectionsOf(text: string): Section[] {
  const sections: Section[] = [{ title: '', start: 0, end: text.length, lines: [] }]
  let number = 0
  for (let start = 0; start <= text.length; ) {
    const end = text.indexOf('\n', start)
    const stop = end === -1 ? text.length : end
    const line = text.slice(start, stop).replace(/\r$/, '')
    number++
    if (line.startsWith('###')) {
      sections.at(-1)!.end = start
      const title = line.replace(/^#+/, '').trim()
      sections.push({ title, start: Math.min(stop + 1, text.length), end: text.length, lines: [] })
    } else sections.at(-1)!.lines.push({ text: number === 1 ? line.replace(/^\u{FEFF}/u, '') : line, number, start })
    start = stop + 1
    if (end === -1) break
  }
  return sections
}

function readSection({ title, start, end, lines }: Section, file: HttpFile): void {
  const settings = { ...plainSettings }
  const kept: HttpFileRequest['kept'] = { before: [], after: [] }
  let name = title
  let at = 0
  for (; at < lines.length; at++) {
    const { text, number } = lines[at]!
    if (!writtenAnew(text)) kept.before.push(text)
    const variable = /^\s*@([\w.-]+)\s*=\s*(.*?)\s*$/.exec(text)
    if (variable) {
      file.variables.set(variable[1]!, variable[2]!)
      continue
    }
    const note = directive.exec(text)
    if (note) {
      if (note[1] === 'name') name = note[2]?.trim() || name
      else takeDirective(note[1]!, note[2]?.trim() ?? '', number, settings, file.problems)
      continue
    }
    if (text.trim() === '' || /^\s*(?:#|\/\/)/.test(text)) continue
    if (/^\s*<\s*(?:\{%|\S)/.test(text)) {
      const from = at + 1
      at = endOfScript(lines, at)
      kept.before.push(...lines.slice(from, at + 1).map((line) => line.text))
      file.problems.push({ what: 'the script before the request is not taken', line: number })
      continue
    }
    kept.before.pop()
    break
  }
  const first = lines[at]
  // A response that stands beside its request, as `decide` reads it.
  if (!first || /^HTTP\/\d/.test(first.text)) return
  if (/^(?:import|run)\s/.test(first.text)) {
    const what = 'requests of other files are not taken over'
    file.problems.push({ what, line: first.number, todo: 'write a sequence that names them: requests/other.http#name' })
    return
  }
  if (/^curl(?:\.exe)?\s/.test(first.text)) {
    const command = lines.slice(at).map(({ text }) => text)
    const { requests, problems } = importCurl(command.join('\n'))
    file.problems.push(...problems.map((one) => ({ ...one, line: first.number + (one.line ?? 1) - 1 })))
    for (const one of requests.slice(0, 1)) {
      file.requests.push({
        name: name || one.name,
        line: first.number,
        start,
        end,
        request: one.request,
        kept,
        handler: { captures: {} },
      })
    }
    return
  }
  const [address, next] = joinedAddress(lines, at)
  const match = requestLine.exec(address)
  if (!match || /\s/.test(match[2]!.replaceAll(/\{\{.*?\}\}/g, ''))) {
    file.problems.push({ what: 'this is no request line', line: first.number, todo: 'write it like: GET /books/1' })
    return
  }
  const [, method = 'GET', url, version = '1.1'] = match
  if (/^(?:WEBSOCKET|GRPC|RSOCKET)$/.test(method)) {
    file.problems.push({ what: `${method} is no request of HTTP, and not taken`, line: first.number })
    return
  }
  const { headers, after } = readFields(lines, next, file.problems, kept.before)
  const handlers: ResponseHandler[] = []
  const body = readBody(lines.slice(after), headers, file.problems, kept.after, handlers)
  const captures = Object.assign({}, ...handlers.map((one) => one.captures)) as Record<string, string>
  const status = handlers.findLast((one) => one.status !== undefined)?.status
  const handler = { captures, ...(status !== undefined && { status }) }
  const known = version === '1.0' ? '1.0' : version.startsWith('2') ? '2' : '1.1'
  const request = asGraphQl({ method, url: url!, version: known, headers, body, settings })
  file.requests.push({
    name: name || `${method} ${pathOf(url!)}`,
    line: first.number,
    start,
    end,
    request,
    kept,
    handler,
  })
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*/s, '') || '/'
}

/** A URL may go on in the next lines: `?page=1`, `&size=2` in REST Client, parts of the path in JetBrains. */
function joinedAddress(lines: readonly Line[], at: number): [string, number] {
  let address = lines[at]!.text.trim()
  let next = at + 1
  for (; next < lines.length && /^\s+[?&/]/.test(lines[next]!.text); next++) {
    const version = /\s+HTTP\/[\d.]+$/.exec(address)?.[0] ?? ''
    address = address.slice(0, address.length - version.length) + lines[next]!.text.trim() + version
  }
  return [address, next]
}

function readFields(lines: readonly Line[], from: number, problems: ImportProblem[], comments: string[]) {
  const headers: ReplayField[] = []
  let at = from
  for (; at < lines.length && lines[at]!.text.trim() !== ''; at++) {
    const { text, number } = lines[at]!
    const off = /^\s*(?:#|\/\/)\s*/.exec(text)
    const field = /^([^:]+):[ \t]?(.*)$/s.exec(off ? text.slice(off[0].length) : text)
    if (field && !(off && /\s/.test(field[1]!))) {
      headers.push({ name: field[1]!, value: field[2]!.trim(), ...(off && { off: true }) })
    } else if (off) comments.push(text)
    else {
      problems.push({ what: 'this is no header line', line: number, todo: 'write it like: Accept: application/json' })
    }
  }
  return { headers, after: at + 1 }
}

const ownNotes = /^(?:name|timeout|redirects|length|literal|insecure|ignore|ignore-header)$/

/** Whether a line before the request is one that is written again with it, or empty. */
function writtenAnew(text: string): boolean {
  return text.trim() === '' || ownNotes.test(directive.exec(text)?.[1] ?? '')
}

type Settings = { -readonly [K in keyof ReplayRequest['settings']]: ReplayRequest['settings'][K] }

function takeDirective(name: string, value: string, line: number, settings: Settings, problems: ImportProblem[]): void {
  const [, amount, unit = 's'] = /^(\d+)\s*(ms|s|m)?$/.exec(value) ?? []
  const number = Number(amount)
  switch (name) {
    case 'timeout':
      if (number > 0) settings.timeoutMs = Math.min(number * { ms: 1, s: 1000, m: 60_000 }[unit as 's']!, 3_600_000)
      return
    case 'prompt': {
      const [variable = ''] = value.split(/\s/)
      const todo = `give it a value: @${variable} = … in the file, or --var ${variable}=…`
      problems.push({ what: `nobody is asked for {{${variable}}}`, line, todo })
      return
    }
    case 'redirects':
      if (number >= 0) settings.redirects = Math.min(number, 20)
      return
    case 'length':
      settings.length = value === 'as-written' ? 'asWritten' : 'follow'
      return
    case 'literal':
      settings.literal = true
      return
    case 'insecure':
      settings.insecure = true
      return
    case 'ignore':
      settings.ignore = [...(settings.ignore ?? []), value]
      return
    case 'ignore-header':
      settings.ignoreHeaders = [...(settings.ignoreHeaders ?? []), value]
      return
    case 'no-redirect':
    case 'no-log':
    case 'no-cookie-jar':
    case 'note':
      return
  }
  problems.push({ what: `@${name} is not known, and not taken`, line })
}
