import type { OpenApiDocument } from '../../openapi/document.ts'
import { loadOpenApi, type ReadFile } from '../../openapi/load.ts'
import { type MediaType, type Operation, operationsOf } from '../../openapi/operations.ts'
import { isObject, lookUp } from '../../openapi/pointer.ts'
import type { ReplayField, ReplayRequest } from '../../protocol/replay-request.ts'
import { blankRequest, type ImportedRequests } from './imported.ts'
import { exampleOf } from './schema-example.ts'

/** Reads an OpenAPI document: a request for each operation, filled with its examples or what its schemas ask for. */
export function importOpenApi(text: string, path: string, readFile: ReadFile): ImportedRequests {
  const imported: ImportedRequests = { kind: 'openapi', requests: [], variables: new Map(), problems: [] }
  const { document, problems } = loadOpenApi(text, path, readFile)
  for (const { message, line, suggestion, severity } of problems) {
    if (severity === 'warning' && document) continue
    imported.problems.push({
      what: message,
      ...(line !== undefined && { line }),
      ...(suggestion !== undefined && { todo: suggestion }),
    })
  }
  if (!document) return imported
  const base = serverOf(document)
  for (const operation of operationsOf(document).all()) {
    const name = operation.operationId ?? `${operation.method} ${operation.template}`
    imported.requests.push({ name, request: requestOfOperation(document, operation, base) })
  }
  return imported
}

/** A request that fits an operation, at a base without a slash at its end (or none: then it is a path). */
export function requestOfOperation(document: OpenApiDocument, operation: Operation, base: string): ReplayRequest {
  const headers: ReplayField[] = []
  const query: string[] = []
  const cookies: string[] = []
  let path = operation.template
  for (const parameter of operation.parameters) {
    const holder = lookUp(document, parameter.pointer)
    const value = isObject(holder) ? valueOf(document, holder) : 'text'
    const written = Array.isArray(value)
      ? value.map(String).join(',')
      : isObject(value)
        ? JSON.stringify(value)
        : String(value)
    const { required } = parameter
    if (parameter.in === 'path') path = path.replaceAll(`{${parameter.name}}`, encodeURIComponent(written))
    else if (parameter.in === 'query') {
      if (required) query.push(`${encodeURIComponent(parameter.name)}=${encodeURIComponent(written)}`)
    } else if (parameter.in === 'cookie') {
      if (required) cookies.push(`${parameter.name}=${written}`)
    } else headers.push({ name: parameter.name, value: written, ...(!required && { off: true }) })
  }
  if (cookies.length > 0) headers.push({ name: 'Cookie', value: cookies.join('; ') })
  headers.push({ name: 'Accept', value: 'application/json' })
  const content = operation.requestBody?.content ?? []
  const media = content.find(({ type }) => /json/i.test(type)) ?? content[0]
  const url = base + path + (query.length > 0 ? `?${query.join('&')}` : '')
  const request = { ...blankRequest(operation.method, url), headers }
  return media ? withBody(document, request, media) : request
}

function withBody(document: OpenApiDocument, request: ReplayRequest, media: MediaType): ReplayRequest {
  const type = media.type.includes('*') ? 'application/json' : media.type
  const value = valueOf(document, media.value)
  const headers = [...request.headers, { name: 'Content-Type', value: type }]
  if (/json/i.test(type)) return { ...request, headers, body: { kind: 'text', text: JSON.stringify(value, null, 2) } }
  if (/urlencoded/i.test(type) && isObject(value)) {
    const fields = Object.entries(value).map(([name, one]) => [
      name,
      typeof one === 'string' ? one : JSON.stringify(one),
    ])
    return { ...request, headers, body: { kind: 'text', text: new URLSearchParams(fields).toString() } }
  }
  return {
    ...request,
    headers,
    body: { kind: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) },
  }
}

/** The example of a parameter or a media type, else one of its schema. */
function valueOf(document: OpenApiDocument, holder: Readonly<Record<string, unknown>>): unknown {
  if (holder['example'] !== undefined) return holder['example']
  const examples = isObject(holder['examples']) ? Object.values(holder['examples']) : []
  const first = examples.find((one) => isObject(one) && one['value'] !== undefined)
  if (isObject(first)) return first['value']
  if (holder['schema'] !== undefined) return exampleOf(document, holder['schema'])
  const content = isObject(holder['content']) ? Object.values(holder['content'])[0] : undefined
  return isObject(content) ? valueOf(document, content) : 'text'
}

function serverOf(document: OpenApiDocument): string {
  const servers = Array.isArray(document['servers']) ? document['servers'] : []
  const url = (servers[0] as { url?: unknown } | undefined)?.url
  return typeof url === 'string' && !url.includes('{') ? url.replace(/\/$/, '') : ''
}
