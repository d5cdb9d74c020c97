import type { ReplayBody, ReplayField, ReplayRequest } from '../../protocol/replay-request.ts'
import { blankRequest, hasField, type ImportedRequests } from './imported.ts'
import type { ReadNamed } from './curl-command.ts'
import { graphQlText } from './graphql.ts'
import { readHandler, type ResponseHandler } from '../response-handler.ts'
import { multipartOf, type Part, typeOfFile } from './multipart.ts'

type Json = Readonly<Record<string, unknown>>

/** Reads a Postman collection (v2.0, v2.1): folders, variables, authorization, bodies. Scripts are named, and not taken. */
export function importPostman(collection: Json, read: ReadNamed = () => undefined): ImportedRequests {
  const imported: ImportedRequests = { kind: 'postman', requests: [], variables: new Map(), problems: [] }
  for (const variable of listOf(collection['variable'])) {
    const name = text(variable['key'] ?? variable['id'])
    if (name !== '' && variable['disabled'] !== true) imported.variables.set(name, text(variable['value']))
  }
  noteScripts(collection, 'the collection', imported)
  readItems(listOf(collection['item']), [], objectOf(collection['auth']), { ...imported, read })
  return imported
}

const deepest = 40

/** Where what was read goes to, and files come from. */
interface Into extends ImportedRequests {
  read: ReadNamed
}

function readItems(items: readonly Json[], folders: readonly string[], auth: Json | undefined, into: Into): void {
  for (const item of items) {
    const name = text(item['name']) || 'unnamed'
    const path = [...folders, name]
    const handler = noteScripts(item, path.join(' / '), into)
    const own = item['auth'] === null ? undefined : (objectOf(item['auth']) ?? auth)
    if (Array.isArray(item['item'])) {
      if (path.length < deepest) readItems(listOf(item['item']), path, own, into)
      continue
    }
    const source = typeof item['request'] === 'string' ? { url: item['request'] } : objectOf(item['request'])
    if (!source) {
      into.problems.push({ what: `"${path.join(' / ')}" has no request, and is left out` })
      continue
    }
    const request = readRequest(source, path.join(' / '), own, into)
    into.requests.push({ name: path.join(' / '), request, ...(handler && { handler }) })
  }
}

/** What the test script of a request takes and wants, where that is understood; every other script is named. */
function noteScripts(owner: Json, where: string, into: ImportedRequests): ResponseHandler | undefined {
  let handler: ResponseHandler | undefined
  for (const event of listOf(owner['event'])) {
    const script = objectOf(event['script'])?.['exec']
    const lines = Array.isArray(script) ? script.map(text) : [text(script)]
    if (lines.every((line) => line.trim() === '')) continue
    const ofRequest = event['listen'] === 'test' && !Array.isArray(owner['item'])
    const read = ofRequest ? readHandler(lines.join('\n')) : undefined
    if (read) {
      handler = read
      continue
    }
    const kind = event['listen'] === 'prerequest' ? 'pre-request' : text(event['listen']) || 'event'
    into.problems.push({
      what: `the ${kind} script of "${where}" is not taken`,
      todo: 'write what it checks as a sequence',
    })
  }
  return handler
}

function readRequest(source: Json, name: string, inherited: Json | undefined, into: Into): ReplayRequest {
  const headers: ReplayField[] = []
  if (typeof source['header'] === 'string') {
    for (const line of source['header'].split(/\r?\n/)) {
      const field = /^([^:]+):\s*(.*)$/.exec(line)
      if (field) headers.push({ name: field[1]!, value: field[2]! })
    }
  }
  for (const field of listOf(source['header'])) {
    const off = field['disabled'] === true
    headers.push({ name: text(field['key']), value: text(field['value']), ...(off && { off: true }) })
  }
  const request = blankRequest(text(source['method']).toUpperCase() || 'GET', urlOf(source['url'], into))
  const body = bodyOf(objectOf(source['body']), headers, name, into)
  const own = source['auth'] === null ? undefined : (objectOf(source['auth']) ?? inherited)
  const url = authorize(own, request.url, headers, name, into)
  return { ...request, url, headers: headers.filter((field) => field.name !== ''), body }
}

/** A URL as text or in parts; path variables `:id` become `{{id}}`. */
function urlOf(value: unknown, into: Into): string {
  const parts = objectOf(value)
  if (!parts) return withScheme(text(value))
  let raw = text(parts['raw'])
  if (raw === '') {
    const join = (list: unknown, by: string) => (Array.isArray(list) ? list.map(text).join(by) : text(list))
    const host = join(parts['host'], '.')
    const protocol = text(parts['protocol'])
    const port = text(parts['port'])
    raw = `${protocol === '' ? '' : `${protocol}://`}${host}${port === '' ? '' : `:${port}`}/${join(parts['path'], '/')}`
    const query = listOf(parts['query']).filter((one) => one['disabled'] !== true)
    if (query.length > 0) raw += `?${query.map((one) => `${text(one['key'])}=${text(one['value'])}`).join('&')}`
  }
  for (const variable of listOf(parts['variable'])) {
    const name = text(variable['key'] ?? variable['id'])
    if (name === '' || !new RegExp(`/:${name.replaceAll(/[^\w]/g, '\\$&')}(?=[/?#]|$)`).test(raw)) continue
    raw = raw.replace(new RegExp(`/:${name.replaceAll(/[^\w]/g, '\\$&')}(?=[/?#]|$)`), `/{{${name}}}`)
    if (!into.variables.has(name)) into.variables.set(name, text(variable['value']))
  }
  return withScheme(raw)
}

/** Without one Postman sends to http. */
function withScheme(url: string): string {
  return url === '' || /^(?:[a-z][a-z0-9+.-]*:\/\/|\/|\{\{)/i.test(url) ? url : `http://${url}`
}

function bodyOf(body: Json | undefined, headers: ReplayField[], name: string, into: Into): ReplayBody {
  if (!body || body['disabled'] === true) return null
  const typed = (type: string) => {
    if (!hasField(headers, 'content-type')) headers.push({ name: 'Content-Type', value: type })
  }
  switch (body['mode']) {
    case 'raw': {
      const language = objectOf(objectOf(body['options'])?.['raw'])?.['language']
      const types: Readonly<Record<string, string>> = {
        json: 'application/json',
        xml: 'application/xml',
        html: 'text/html',
      }
      const type = types[text(language)]
      const written = text(body['raw'])
      if (written !== '' && type !== undefined) typed(type)
      return written === '' ? null : { kind: 'text', text: written }
    }
    case 'urlencoded': {
      typed('application/x-www-form-urlencoded')
      const fields = listOf(body['urlencoded']).filter((one) => one['disabled'] !== true)
      const pairs = fields.map((one) => `${encoded(text(one['key']))}=${encoded(text(one['value']))}`)
      return { kind: 'text', text: pairs.join('&') }
    }
    case 'graphql': {
      typed('application/json')
      const { query, variables } = objectOf(body['graphql']) ?? {}
      const values = typeof variables === 'string' ? variables : JSON.stringify(variables ?? {})
      return { kind: 'text', text: graphQlText(text(query), values) }
    }
    case 'formdata': {
      const fields = listOf(body['formdata']).filter((one) => one['disabled'] !== true)
      const form = multipartOf(fields.flatMap((one) => partsOf(one, name, into)))
      for (let at = headers.length - 1; at >= 0; at--) {
        if (headers[at]!.name.toLowerCase() === 'content-type') headers.splice(at, 1)
      }
      typed(form.contentType)
      return form.body
    }
    case 'file': {
      const path = text(objectOf(body['file'])?.['src'])
      if (path !== '') return { kind: 'file', path: fileNamed(path, name, into).path }
      into.problems.push({ what: `the file that is the body of "${name}" is not named` })
      return null
    }
    case undefined:
      return null
  }
  into.problems.push({ what: `the body of "${name}" has the mode "${text(body['mode'])}", which is not taken` })
  return null
}

/** A field of a form, or each file of it. */
function partsOf(field: Json, name: string, into: Into): Part[] {
  const type = text(field['contentType'])
  const common = { name: text(field['key']), ...(type !== '' && { type }) }
  if (field['type'] !== 'file') return [{ ...common, content: Buffer.from(text(field['value'])) }]
  const sources = Array.isArray(field['src']) ? field['src'].map(text) : [text(field['src'])]
  return sources.map((source) => {
    const { path, bytes } = fileNamed(source, name, into)
    const content = bytes ? { content: bytes, read: true as const } : { content: Buffer.alloc(0), path }
    return { type: typeOfFile(path), ...common, file: path.replace(/^.*\//, ''), ...content }
  })
}

/** Collections name files where they lay on somebody's disk: what is not in the workspace is looked for there by its name. */
function fileNamed(source: string, name: string, into: Into): { path: string; bytes: Buffer | undefined } {
  const bytes = into.read(source)
  if (bytes) return { path: source, bytes }
  const path = source.replace(/^.*[\\/]/, '') || 'file'
  const found = into.read(path)
  if (!found) {
    into.problems.push({
      what: `the body of "${name}" has the file ${path.slice(0, 80)}`,
      todo: 'put it into the workspace',
    })
  }
  return { path, bytes: found }
}

/** Adds what the authorization asks for; returns the URL, which an API key may go into. */
function authorize(auth: Json | undefined, url: string, headers: ReplayField[], name: string, into: Into): string {
  const type = text(auth?.['type'])
  if (type === '' || type === 'noauth' || type === 'inherit' || !auth) return url
  const list = auth[type]
  const values: Json = Array.isArray(list)
    ? Object.fromEntries(listOf(list).map((one) => [text(one['key']), one['value']]))
    : (objectOf(list) ?? {})
  const value = (key: string) => text(values[key])
  const add = (field: string, content: string) => {
    if (!hasField(headers, field.toLowerCase())) headers.unshift({ name: field, value: content })
    return url
  }
  switch (type) {
    case 'bearer':
      return add('Authorization', `Bearer ${value('token')}`)
    case 'basic': {
      const pair = `${value('username')}:${value('password')}`
      // With variables it stays as it reads, and is encoded when it is sent.
      return add('Authorization', `Basic ${pair.includes('{{') ? pair : Buffer.from(pair).toString('base64')}`)
    }
    case 'oauth2': {
      if (value('accessToken') === '') break
      if (value('addTokenTo') === 'queryParams') {
        return `${url}${url.includes('?') ? '&' : '?'}access_token=${encoded(value('accessToken'))}`
      }
      return add('Authorization', `${value('headerPrefix') || 'Bearer'} ${value('accessToken')}`)
    }
    case 'apikey':
      if (value('in') === 'query') {
        return `${url}${url.includes('?') ? '&' : '?'}${encoded(value('key'))}=${encoded(value('value'))}`
      }
      return add(value('key') || 'X-API-Key', value('value'))
  }
  into.problems.push({
    what: `the authorization "${type}" of "${name}" is not taken`,
    todo: 'write the header that it would make',
  })
  return url
}

/** Percent-encodes, and leaves variables as they are. */
function encoded(value: string): string {
  return value.replaceAll(/\{\{[^}]*\}\}|[^{]+|\{/g, (part) =>
    part.startsWith('{{') ? part : encodeURIComponent(part),
  )
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((one): one is Json => objectOf(one) !== undefined) : []
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
