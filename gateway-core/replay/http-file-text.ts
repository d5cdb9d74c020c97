import { hasMarker } from '../capture/markers.ts'
import type { ReplayField, ReplayRequest } from '../protocol/replay-request.ts'
import { plainSettings } from './from-exchange.ts'
import type { HttpFile } from './http-file.ts'
import { usesVariables } from './import/imported.ts'
import { readBody } from './http-file-body.ts'
import { handlerText, type ResponseHandler } from './response-handler.ts'
import { ReplayError } from './replay-error.ts'

/**
 * A request as a section of a `.http` file, without the separator. Sealed secrets have no place in a file that is
 * shared: a variable that is named after the field stands for each.
 */
export function httpSectionOf(request: ReplayRequest, name: string): string {
  const { settings } = request
  const notes = [`# @name ${name.replaceAll(/[\r\n]+/g, ' ')}`]
  const text = JSON.stringify([request.url, request.headers, request.body])
  if (settings.literal === true && /\{\{|\$\{(?:secret|env):/.test(text)) notes.push('# @literal')
  if (settings.length === 'asWritten') notes.push('# @length as-written')
  if (settings.redirects > 0) notes.push(`# @redirects ${settings.redirects}`)
  if (settings.timeoutMs !== plainSettings.timeoutMs) notes.push(`# @timeout ${settings.timeoutMs}ms`)
  if (settings.insecure) notes.push('# @insecure')
  for (const pattern of settings.ignore ?? []) notes.push(`# @ignore ${pattern}`)
  for (const field of settings.ignoreHeaders ?? []) notes.push(`# @ignore-header ${field}`)
  const version = request.version === '1.1' ? '' : ` HTTP/${request.version}`
  const head = [`${request.method} ${unsealed(request.url, 'url')}${version}`]
  for (const { name: field, value, off } of request.headers) {
    if (/[\r\n]/.test(field + value)) {
      throw new ReplayError(
        `the header ${field} has a line break, which a .http file cannot hold`,
        'keep it in the history',
      )
    }
    // Written anew by whoever sends it, unless it is wrong on purpose.
    if (settings.length === 'follow' && field.toLowerCase() === 'content-length') continue
    head.push(`${off ? '# ' : ''}${field}: ${unsealed(value, field)}`)
  }
  const body = bodyText(request, settings.literal === true && !hasMarker(text))
  return `${notes.join('\n')}\n${head.join('\n')}\n${body === '' ? '' : `\n${body}\n`}`
}

function bodyText({ body, headers }: ReplayRequest, fixed: boolean): string {
  switch (body?.kind) {
    case undefined:
      return ''
    case 'text':
      if (body.coding)
        throw new ReplayError(
          'a compressed body has no place in a .http file',
          'send it as it is, or take the coding away',
        )
      return asWritten(unsealed(body.text, 'body'), headers, body.files === true, fixed)
    case 'bytes':
      return `<base64 ${body.base64}`
    case 'file':
      return `< ${body.path}`
    case 'recorded':
      throw new ReplayError(
        'the body stands in the capture, which is not shared',
        'take the body from a file of the workspace',
      )
  }
}

/**
 * A body as the lines of a file. What would be read back as another one (a line that ends the request, one that names a
 * file, a line end that stays in no text file) is written as the bytes that it is. Line ends behind JSON, XML and forms
 * mean nothing.
 */
function asWritten(text: string, headers: readonly ReplayField[], files: boolean, fixed: boolean): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const read = /^###|\r(?!\n)/m.test(text)
    ? null
    : readBody(
        lines.map((line, at) => ({ text: line, number: at + 1, start: 0 })),
        headers,
        [],
      )
  const again = read?.kind === 'text' && (read.files === true) === files ? read.text : undefined
  const type = headers.find(({ name, off }) => off !== true && name.toLowerCase() === 'content-type')?.value ?? ''
  const loose = /json|xml|html|javascript|graphql|x-www-form-urlencoded/i.test(type)
  const same = again !== undefined && (again === text || (loose && again.trimEnd() === text.trimEnd()))
  if (same || text === '') return lines.join('\n').trimEnd()
  if (!fixed && usesVariables(text)) {
    throw new ReplayError(
      'the body has lines that would be read as something else in a .http file, and variables',
      'take the variables out of it, or let the body be a file',
    )
  }
  return `<base64 ${Buffer.from(text).toString('base64')}`
}

const marker = /"⟦sealed:[\w-]+:\d+:literal⟧"|⟦sealed:[\w-]+:\d+⟧/g

function unsealed(text: string, field: string): string {
  if (!hasMarker(text)) return text
  const name = field
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  let count = 0
  return text.replaceAll(marker, () => (++count === 1 ? `{{${name}}}` : `{{${name}-${count}}}`))
}

/** The text with a request put in: in the place of the one of that name, whose comments and scripts stay, else at the end. Nothing else changes. */
export function withRequest(text: string, file: HttpFile, name: string, request: ReplayRequest): string {
  const section = httpSectionOf(request, name)
  const old = file.requests.find((one) => one.name === name)
  const newline = /\r\n/.test(text) ? '\r\n' : '\n'
  const written = section.replaceAll('\n', newline)
  if (old) {
    const after = text.slice(old.end)
    const { before, after: behind } = old.kept
    const all = [...before, ...written.trimEnd().split(newline), ...(behind.length > 0 ? ['', ...behind] : []), '']
    return text.slice(0, old.start) + all.join(newline) + (after === '' ? '' : newline + after)
  }
  if (text.trim() === '') return `${text}### ${name}${newline}${written}`
  return `${text.replace(/\s*$/, newline)}${newline}### ${name}${newline}${written}`
}

/** A request as a file of them holds it. */
export interface FileRequest {
  name: string
  request: ReplayRequest
  handler?: ResponseHandler
}

/** A whole file of requests, with the variables that they use. */
export function httpTextOf(
  requests: readonly FileRequest[],
  variables: ReadonlyMap<string, string> = new Map(),
): string {
  const head = [...variables].map(([name, value]) => `@${name} = ${value.replaceAll(/[\r\n]+/g, ' ')}\n`).join('')
  const sections = requests.map(({ name, request, handler }) => {
    const script = handler ? handlerText(handler) : ''
    const section = `### ${name.replaceAll(/[\r\n]+/g, ' ')}\n${httpSectionOf(request, name)}`
    return script === '' ? section : `${section}\n${script}`
  })
  return `${head}${head === '' ? '' : '\n'}${sections.join('\n')}`
}
