import type { RecordedRequest } from '../capture/record.ts'
import type { ReplayRequest } from '../protocol/replay-request.ts'
import { splitUrl } from '../replay/upstream-target.ts'

export type CopyFormat = 'curl' | 'httpie' | 'fetch' | 'http'

/** Fields that every client writes by itself. */
const ownFields = new Set(['content-length', 'connection', 'transfer-encoding', 'keep-alive', 'expect'])

interface Message {
  method: string
  url: string
  fields: [string, string][]
  /** Undefined where there is none, or where it is no text. */
  text: string | undefined
  bytes: Uint8Array | undefined
  /** Path of the file that is the body. */
  file?: string
  /** What is not in it, and has to be put in. */
  note?: string
}

/**
 * A recorded request as a command or a piece of code that sends it again, to `base` or else to where it went. What was
 * recorded is quoted, never interpreted: pasting it into a shell runs exactly one command.
 */
export function copyAs(request: RecordedRequest, format: CopyFormat, base: string | undefined): string {
  return written(messageOf(request, base), format, request.httpVersion)
}

/**
 * A request of Replay in one of the forms. Markers, variables and references stay as they are written: whoever takes it
 * puts in values of their own. A body that is a file or recorded is named, not copied.
 */
export function copyReplay(request: ReplayRequest, format: CopyFormat, base: string | undefined): string {
  const { origin, target } = splitUrl(request.url)
  const from = (origin ?? base ?? 'http://localhost').replace(/\/$/, '')
  const host = from.replace(/^\w+:\/\//, '').toLowerCase()
  const fields = request.headers
    .filter(({ name, value, off }) => {
      const lower = name.toLowerCase()
      return off !== true && !ownFields.has(lower) && (lower !== 'host' || value.toLowerCase() !== host)
    })
    .map(({ name, value }): [string, string] => [name, value])
  const { body, method, version } = request
  const text = body?.kind === 'text' ? body.text : undefined
  const bytes =
    text === undefined ? (body?.kind === 'bytes' ? Buffer.from(body.base64, 'base64') : undefined) : Buffer.from(text)
  const path = target.startsWith('/') ? target : `/${target}`
  // A variable in front stands for a server.
  const url = origin === undefined && target.startsWith('{{') ? target : from + path
  const message = { method, url, fields, text, bytes, ...notCopied(body) }
  return written(message, format, version)
}

function notCopied(body: ReplayRequest['body']): Pick<Message, 'file' | 'note'> {
  if (body?.kind === 'file') return { file: body.path }
  if (body?.kind === 'recorded') return { note: 'the body is in the capture, and left out' }
  if (body?.kind !== 'text') return {}
  if (body.files) return { note: 'lines of the body that begin with < stand for files' }
  return body.coding === undefined ? {} : { note: `the body is to be sent coded: ${body.coding}` }
}

function written(message: Message, format: CopyFormat, httpVersion: string): string {
  // In a .http file such lines mean what they say.
  const note = format === 'http' && message.note?.startsWith('lines') ? undefined : message.note
  if (note !== undefined) {
    const { note: _, ...rest } = message
    return `${format === 'fetch' ? '//' : '#'} ${note}\n${written(rest, format, httpVersion)}`
  }
  switch (format) {
    case 'curl':
      return curl(message)
    case 'httpie':
      return httpie(message)
    case 'fetch':
      return fetchCode(message)
    case 'http':
      return httpText(httpVersion, message)
  }
}

function messageOf(request: RecordedRequest, base: string | undefined): Message {
  const origin = (base ?? `${request.scheme}://${request.authority}`).replace(/\/$/, '')
  // Of an absolute-form target only path and query go to another server.
  const target = request.target.startsWith('/')
    ? request.target
    : `${request.path}${request.query === '' ? '' : `?${request.query}`}`
  const url = origin + target
  const host = origin.replace(/^\w+:\/\//, '')
  const fields: [string, string][] = []
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const [name, value] = [request.headers[at]!, request.headers[at + 1]!]
    const lower = name.toLowerCase()
    if (ownFields.has(lower) || name.startsWith(':')) continue
    if (lower === 'host' && value.toLowerCase() === host.toLowerCase()) continue
    fields.push([name, utf8Of(value)])
  }
  const bytes = request.body && request.body.bytes.byteLength > 0 ? request.body.bytes : undefined
  return { method: request.method, url, fields, bytes, text: bytes && textOf(bytes) }
}

function curl({ method, url, fields, text, bytes, file }: Message): string {
  const lines = [`curl -i --path-as-is --globoff -X ${shell(method)} ${shell(url)}`]
  // Unlike `Name:`, which removes a field, `Name;` sends it empty.
  for (const [name, value] of fields) lines.push(`-H ${shell(value === '' ? `${name};` : `${name}: ${value}`)}`)
  if ((bytes ?? file) !== undefined && !fields.some(([name]) => name.toLowerCase() === 'content-type'))
    lines.push(`-H 'Content-Type:'`)
  if (text !== undefined) lines.push(`--data-raw ${shell(text)}`)
  else if (file !== undefined) lines.push(`--data-binary ${shell(`@${file}`)}`)
  else if (bytes) {
    lines.push('--data-binary @-')
    return `printf %s ${shell(Buffer.from(bytes).toString('base64'))} | base64 -d | ${lines.join(' \\\n  ')}`
  }
  return lines.join(' \\\n  ')
}

function httpie({ method, url, fields, text, bytes, file }: Message): string {
  const items = fields.map(([name, value]) =>
    // In a name, characters that separate are escaped; `Name;` is an empty field.
    shell(value === '' ? `${escapedName(name)};` : `${escapedName(name)}:${value}`),
  )
  const before =
    bytes && text === undefined ? `printf %s ${shell(Buffer.from(bytes).toString('base64'))} | base64 -d | ` : ''
  const input =
    text !== undefined
      ? [`--raw ${shell(text)}`]
      : file !== undefined
        ? [`< ${shell(file)}`]
        : bytes
          ? []
          : ['--ignore-stdin']
  return `${before}${[`http --path-as-is ${shell(method)} ${shell(url)}`, ...items, ...input].join(' \\\n  ')}`
}

function escapedName(name: string): string {
  return name.replaceAll(/[\\:=@;]/g, '\\$&')
}

function fetchCode({ method, url, fields, text, bytes, file }: Message): string {
  const lines = [`  method: ${JSON.stringify(method)},`]
  if (fields.length > 0) {
    const list = fields.map((field) => `    [${field.map((part) => JSON.stringify(part)).join(', ')}],`)
    lines.push('  headers: [', ...list, '  ],')
  }
  if (text !== undefined) lines.push(`  body: ${JSON.stringify(text)},`)
  else if (file !== undefined) {
    lines.push(`  body: await (await import('node:fs/promises')).readFile(${JSON.stringify(file)}),`)
  } else if (bytes) {
    const base64 = Buffer.from(bytes).toString('base64')
    lines.push(`  body: Uint8Array.from(atob(${JSON.stringify(base64)}), (one) => one.charCodeAt(0)),`)
  }
  return `const response = await fetch(${JSON.stringify(url)}, {\n${lines.join('\n')}\n})`
}

function httpText(httpVersion: string, { method, url, fields, text, bytes, file }: Message): string {
  const head = [
    `${method} ${url} HTTP/${httpVersion === '2' ? '1.1' : httpVersion}`,
    ...fields.map(([n, v]) => `${n}: ${v}`),
  ]
  if (text !== undefined) return `${head.join('\n')}\n\n${text}\n`
  if (file !== undefined) return `${head.join('\n')}\n\n< ${file.startsWith('.') ? file : `./${file}`}\n`
  return `${bytes ? '# the body is no text, and left out\n' : ''}${head.join('\n')}\n`
}

/** One word of a POSIX shell: nothing in it is expanded. */
export function shell(word: string): string {
  if (/^[\w./:@%+=,-]+$/.test(word) && !word.startsWith('=')) return word
  // A shell cannot carry NUL.
  return `'${word.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`
}

/** Node shows the bytes of a header value as one character each; most of those above ASCII are UTF-8. */
function utf8Of(value: string): string {
  return /^[\x20-\x7e\t]*$/.test(value) || /[^\0-\xff]/.test(value)
    ? value
    : (textOf(Buffer.from(value, 'latin1')) ?? value)
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
