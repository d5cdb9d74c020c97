import { parseDocument } from 'yaml'
import type { ReadFile } from '../../openapi/load.ts'
import { readHttpText } from '../http-file.ts'
import { importCurl, type ReadNamed } from './curl.ts'
import { importHar } from './har.ts'
import type { ImportedRequests } from './imported.ts'
import { importOpenApi } from './openapi.ts'
import { importPostman } from './postman.ts'

export interface ImportFrom {
  /** Name of the file, where it came from one: it helps to tell what it is. */
  name: string
  /** A file that a command names. */
  read?: ReadNamed
  /** A file that a document refers to. */
  readFile?: ReadFile
}

/** Reads requests from a text of whatever kind: curl commands, `.http`, HAR, a Postman collection, an OpenAPI document. */
export function importRequests(text: string, { name, read, readFile = () => undefined }: ImportFrom): ImportedRequests {
  const trimmed = text.replace(/^\u{FEFF}/u, '').trimStart()
  if (/^(?:\$\s+)?(?:\S*\/)?curl(?:\.exe)?\s/.test(trimmed) || /\.(?:sh|curl)$/.test(name))
    return importCurl(text, read)
  if (/\.(?:http|rest)$/.test(name)) return importHttp(text)
  if (trimmed.startsWith('{')) return importJson(text, name, readFile)
  if (/^(?:openapi|swagger)\s*:/m.test(text) || /^\s*["'](?:openapi|swagger)["']\s*:/m.test(text)) {
    return importOpenApi(text, name, readFile)
  }
  if (/\.ya?ml$/.test(name)) return nothing('openapi', 'this YAML is no OpenAPI document: it names no version')
  return importHttp(text)
}

function importJson(text: string, name: string, readFile: ReadFile): ImportedRequests {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\u{FEFF}/u, ''))
  } catch (error) {
    const [first] = parseDocument(text, { prettyErrors: true }).errors
    const line = first?.linePos?.[0].line
    const found = nothing('har', `this is no JSON: ${(error as Error).message}`)
    return line === undefined ? found : { ...found, problems: [{ ...found.problems[0]!, line }] }
  }
  const document = value as Readonly<Record<string, unknown>>
  if ('openapi' in document || 'swagger' in document) return importOpenApi(text, name, readFile)
  if ('log' in document) return importHar(document)
  if ('item' in document || String((document['info'] as { schema?: unknown })?.schema).includes('postman')) {
    return importPostman(document)
  }
  if ('collection' in document) return importJson(JSON.stringify(document['collection']), name, readFile)
  const todo = 'give a HAR, a Postman collection (v2.1), an OpenAPI document, a .http file or curl commands'
  const found = nothing('har', 'nobody knows what this JSON is')
  return { ...found, problems: [{ ...found.problems[0]!, todo }] }
}

function importHttp(text: string): ImportedRequests {
  const { requests, variables, problems } = readHttpText(text)
  if (requests.length === 0 && problems.length === 0) {
    problems.push({ what: 'it holds no request', todo: 'begin it with a line such as: GET /books/1' })
  }
  return { kind: 'http', requests: requests.map(({ name, request }) => ({ name, request })), variables, problems }
}

function nothing(kind: ImportedRequests['kind'], what: string): ImportedRequests {
  return { kind, requests: [], variables: new Map(), problems: [{ what }] }
}
