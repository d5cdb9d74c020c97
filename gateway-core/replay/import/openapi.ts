import { type OpenApiDocument, resolved } from '../../openapi/document.ts'
import { loadOpenApi, type ReadFile } from '../../openapi/load.ts'
import { type MediaType, type Operation, operationsOf } from '../../openapi/operations.ts'
import { isObject, lookUp } from '../../openapi/pointer.ts'
import type { ReplayField, ReplayRequest } from '../../protocol/replay-request.ts'
import { blankRequest, type ImportedRequests } from './imported.ts'
import { exampleBody } from './example-body.ts'
import { exampleOf } from './schema-example.ts'
import { pathText, plainText, queryPairs } from './written-parameter.ts'

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
    const { required, name } = parameter
    if (parameter.in === 'path') path = path.replaceAll(`{${name}}`, () => pathText(parameter, value))
    else if (parameter.in === 'query') {
      if (required) query.push(...queryPairs(parameter, value))
    } else if (parameter.in === 'cookie') {
      if (required) cookies.push(`${name}=${plainText(value)}`)
    } else headers.push({ name, value: plainText(value), ...(!required && { off: true }) })
  }
  const login = authorizationOf(document, operation)
  if (login) headers.push(login)
  if (cookies.length > 0) headers.push({ name: 'Cookie', value: cookies.join('; ') })
  headers.push({ name: 'Accept', value: 'application/json' })
  const content = operation.requestBody?.content ?? []
  const media = content.find(({ type }) => /json/i.test(type)) ?? content[0]
  const url = base + path + (query.length > 0 ? `?${query.join('&')}` : '')
  const request = { ...blankRequest(operation.method, url), headers }
  return media ? withBody(document, request, media) : request
}

/** The field that the first way to sign in asks for: not sent before somebody puts a value in. */
function authorizationOf(document: OpenApiDocument, operation: Operation): ReplayField | undefined {
  const wanted = operation.value['security'] ?? document['security']
  const [first] = Array.isArray(wanted) ? (wanted as unknown[]) : []
  const [name] = isObject(first) ? Object.keys(first) : []
  const schemes = lookUp(document, '/components/securitySchemes')
  const scheme = name === undefined || !isObject(schemes) ? undefined : resolved(document, schemes[name], '')?.value
  if (!scheme) return undefined
  const { type, scheme: kind, in: place } = scheme
  if (type === 'apiKey') {
    return place === 'header' ? { name: String(scheme['name']), value: `{{${name}}}`, off: true } : undefined
  }
  const basic = type === 'http' && String(kind).toLowerCase() === 'basic'
  const value = basic ? 'Basic {{user}}:{{password}}' : 'Bearer {{token}}'
  const known = basic || type === 'oauth2' || type === 'openIdConnect' || String(kind).toLowerCase() === 'bearer'
  return known ? { name: 'Authorization', value, off: true } : undefined
}

function withBody(document: OpenApiDocument, request: ReplayRequest, media: MediaType): ReplayRequest {
  const written = media.type.includes('*') ? 'application/json' : media.type
  const { type, body } = exampleBody(valueOf(document, media.value), written, rootOf(document, media.value['schema']))
  return { ...request, headers: [...request.headers, { name: 'Content-Type', value: type }], body }
}

/** What a document of XML begins with: as its schema says, or as it is called. */
function rootOf(document: OpenApiDocument, schema: unknown): string {
  const named = isObject(schema) && typeof schema['$ref'] === 'string' ? schema['$ref'].replace(/^.*\//, '') : undefined
  const xml = resolved(document, schema, '')?.value['xml']
  const name = isObject(xml) && typeof xml['name'] === 'string' ? xml['name'] : named
  return name !== undefined && /^[A-Za-z_][\w.-]*$/.test(name) ? name : 'root'
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
  const [server] = Array.isArray(document['servers']) ? (document['servers'] as unknown[]) : []
  const url = isObject(server) ? server['url'] : undefined
  if (!isObject(server) || typeof url !== 'string') return ''
  const variables = isObject(server['variables']) ? server['variables'] : {}
  const filled = url.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = variables[name]
    const value = isObject(variable) ? variable['default'] : undefined
    return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
  })
  return filled.includes('{') ? '' : filled.replace(/\/$/, '')
}
