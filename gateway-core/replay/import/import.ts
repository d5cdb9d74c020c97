import { parseDocument } from 'yaml'
import type { ReadFile } from '../../openapi/load.ts'
import { readHttpText } from '../http-file.ts'
import { importCurl } from './curl.ts'
import type { ReadNamed } from './curl-command.ts'
import { importHar } from './har.ts'
import type { ImportedRequests } from './imported.ts'
import { importOpenApi } from './openapi.ts'
import { importPostman } from './postman.ts'
import { withoutReferences } from './without-references.ts'

export interface ImportFrom {
  /** Name of the file, where it came from one: it helps to tell what it is. */
  name: string
  /** A file that a command names. */
  read?: ReadNamed
  /** A file that a document refers to. */
  readFile?: ReadFile
}

/** Reads requests from a text of whatever kind: curl commands, `.http`, HAR, a Postman collection, an OpenAPI document. */
export function importRequests(text: string, from: ImportFrom): ImportedRequests {
  const imported = readAny(text, from)
  return imported.kind === 'http' ? imported : withoutReferences(imported)
}

function readAny(text: string, { name, read, readFile = () => undefined }: ImportFrom): ImportedRequests {
  const trimmed = text.replace(/^\u{FEFF}/u, '').trimStart()
  const isHttp = /\.(?:http|rest)$/.test(name)
  if (!isHttp && (isCurl(trimmed) || /\.(?:sh|curl|cmd|bat)$/.test(name))) return importCurl(text, read)
  if (isHttp) return importHttp(text)
  const other = otherCode(trimmed)
  if (other !== undefined) {
    return { ...nothing('curl', other), problems: [{ what: other, todo: 'copy the request as cURL instead' }] }
  }
  if (trimmed.startsWith('{')) return importJson(text, { name, readFile, ...(read && { read }) })
  if (/^(?:openapi|swagger)\s*:/m.test(text) || /^\s*["'](?:openapi|swagger)["']\s*:/m.test(text)) {
    return importOpenApi(text, name, readFile)
  }
  if (/\.ya?ml$/.test(name)) return nothing('openapi', 'this YAML is no OpenAPI document: it names no version')
  return importHttp(text)
}

/** A command, or a script whose first line besides what it sets is one. */
function isCurl(text: string): boolean {
  const script = text.replace(
    /^(?:[ \t]*(?:#[^\n]*|set -\S+|(?:export )?[A-Za-z_]\w*=\S*|(?:export )?[A-Za-z_]\w*=(?:'[^']*'|"[^"]*"))?\r?\n)+/,
    '',
  )
  return /^(?:\$\s+)?(?:\S*[/\\])?(?:curl(?:\.exe)?\s|printf %s '?[A-Za-z0-9+/=]*'? \| base64 -d \| curl\s)/i.test(
    script,
  )
}

/** What browsers copy besides, and is no command. */
function otherCode(text: string): string | undefined {
  if (/^\$session = |^Invoke-(?:WebRequest|RestMethod)\b/i.test(text)) return 'this is written for PowerShell'
  return /^(?:await )?fetch\s*\(/.test(text) ? 'this is JavaScript' : undefined
}

function importJson(text: string, from: ImportFrom): ImportedRequests {
  const { name, readFile = () => undefined } = from
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
    return importPostman(document, from.read)
  }
  if ('collection' in document) return importJson(JSON.stringify(document['collection']), from)
  if ('values' in document && '_postman_variable_scope' in document) {
    const found = nothing('postman', 'this is an environment of Postman, which holds no request')
    const named = 'put its values into http-client.env.json: { "local": { "name": "value" } }'
    return { ...found, problems: [{ ...found.problems[0]!, todo: named }] }
  }
  const todo = 'give a HAR, a Postman collection (v2.1), an OpenAPI document, a .http file or curl commands'
  const found = nothing('har', 'nobody knows what this JSON is')
  return { ...found, problems: [{ ...found.problems[0]!, todo }] }
}

function importHttp(text: string): ImportedRequests {
  const { requests, variables, problems } = readHttpText(text)
  if (requests.length === 0 && problems.length === 0) {
    problems.push({ what: 'it holds no request', todo: 'begin it with a line such as: GET /books/1' })
  }
  return {
    kind: 'http',
    requests: requests.map(({ name, request, handler }) => ({ name, request, handler })),
    variables,
    problems,
  }
}

function nothing(kind: ImportedRequests['kind'], what: string): ImportedRequests {
  return { kind, requests: [], variables: new Map(), problems: [{ what }] }
}
