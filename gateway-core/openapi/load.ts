import { upgrade } from '@scalar/openapi-upgrader'
import { checkNames } from './check-names.ts'
import { checkPaths } from './check-paths.ts'
import type { OpenApiDocument } from './document.ts'
import { bundle } from './bundle.ts'
import { isObject } from './pointer.ts'
import { parseText, positionsOf } from './text.ts'

/** Something wrong in an OpenAPI document. */
export interface OpenApiProblem {
  /** `error`: the part (or, when there is no document, all of it) cannot be used. `warning`: it is read with the doubt settled as the message says. */
  severity: 'error' | 'warning'
  /** File the problem stands in: the document itself or one that it refers to, as `readFile` knows it. */
  path: string
  /** RFC 6901 pointer in that file as it was written. */
  pointer: string
  /** 1-based, where the text tells. */
  line?: number
  column?: number
  message: string
  suggestion?: string
}

export interface OpenApiReading {
  /** Absent only when nothing can be made of the text. */
  document?: OpenApiDocument
  problems: readonly OpenApiProblem[]
  /** Paths of further files that the document refers to and that were read. */
  files: readonly string[]
}

/** Text of a file by its path relative to the workspace, or undefined when it cannot be read. */
export type ReadFile = (path: string) => string | undefined

/**
 * Reads an OpenAPI 2.0, 3.0 or 3.1 document (JSON or YAML) and gives it as 3.1 in one piece: files that it refers to
 * are taken in (`readFile` gets their path, resolved against `path`), every `$ref` becomes local, and schemas keep
 * theirs, see `OpenApiDocument`. Never throws and never touches the network: what is wrong comes as problems, and
 * documents with small faults, as most have, still load.
 */
export function loadOpenApi(text: string, path: string, readFile: ReadFile): OpenApiReading {
  const problems: OpenApiProblem[] = []
  const parsed = parseText(text)
  if (!parsed.ok) {
    const { message, line, column } = parsed
    return { problems: [{ severity: 'error', path, pointer: '', line, column, message }], files: [] }
  }
  const texts = new Map([[path, text]])
  const report: Report = (problem) => problems.push(problem)
  const document = read(parsed.value, path, texts, readFile, report)
  const positions = new Map<string, ReturnType<typeof positionsOf>>()
  for (const problem of problems) {
    const source = texts.get(problem.path)
    if (source === undefined || problem.line !== undefined) continue
    let find = positions.get(problem.path)
    if (!find) positions.set(problem.path, (find = positionsOf(source)))
    Object.assign(problem, find(problem.pointer))
  }
  const files = [...texts.keys()].filter((file) => file !== path)
  return document ? { document, problems, files } : { problems, files }
}

export type Report = (problem: OpenApiProblem) => void

function read(
  written: unknown,
  path: string,
  texts: Map<string, string>,
  readFile: ReadFile,
  report: Report,
): OpenApiDocument | undefined {
  const fail = (pointer: string, message: string, suggestion?: string): undefined => {
    report({ severity: 'error', path, pointer, message, suggestion })
    return undefined
  }
  if (!isObject(written)) return fail('', 'an OpenAPI document is a mapping', 'begin it with `openapi: 3.1.0`')
  const version = written['openapi'] ?? written['swagger']
  if (version === undefined) {
    return fail('', 'neither `openapi` nor `swagger` says which version this is', 'begin it with `openapi: 3.1.0`')
  }
  const key = written['openapi'] === undefined ? '/swagger' : '/openapi'
  if (typeof version !== 'string' && typeof version !== 'number') return fail(key, 'the version has to be a string')
  const known = /^(?:2\.0|3\.[012](?:\.\d+)?(?:-\S+)?)$/.test(String(version))
  if (!known) return fail(key, `version ${version} is not understood`, 'write 2.0, 3.0.x or 3.1.x')
  if (key === '/swagger') written['swagger'] = '2.0'
  else written['openapi'] = String(version)
  try {
    checkPaths(written, path, report)
    checkNames(written, path, report)
    const whole = bundle(written, path, texts, readFile, report)
    const document = upgrade(whole, '3.1') as unknown as Record<string, unknown>
    if (!isObject(document['paths'])) document['paths'] = {}
    return document
  } catch (error) {
    const reason = error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message
    return fail('', `the document cannot be brought to OpenAPI 3.1: ${reason}`)
  }
}
