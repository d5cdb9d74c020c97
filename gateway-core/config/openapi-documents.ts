import { loadOpenApi, type OpenApiReading } from '../openapi/load.ts'
import type { Setup } from '../pipeline/policy.ts'
import type { WorkspaceFiles } from './files.ts'
import { reportForeign } from './foreign-text.ts'
import type { Problems } from './problems.ts'
import { SourceFile } from './source.ts'

interface Kept {
  readonly path: string
  readonly text: string
  readonly others: ReadonlyMap<string, string | undefined>
  readonly reading: OpenApiReading
}

/** Documents of the last loads: an edit of the workspace rarely touches them, and reading a large one takes long. */
const kept: Kept[] = []
const keptMost = 16

function readingOf(text: string, path: string, readFile: (path: string) => string | undefined): OpenApiReading {
  const known = kept.find((one) => {
    return one.path === path && one.text === text && [...one.others].every(([file, other]) => readFile(file) === other)
  })
  if (known) return known.reading
  const others = new Map<string, string | undefined>()
  const reading = loadOpenApi(text, path, (file) => {
    const other = readFile(file)
    others.set(file, other)
    return other
  })
  kept.unshift({ path, text, others, reading })
  kept.length = Math.min(kept.length, keptMost)
  return reading
}

/** Reads OpenAPI documents, each once per load; their problems point into the document. */
export function openApiReader(
  files: WorkspaceFiles,
  problems: Problems,
  root: Record<string, unknown>,
): (path: string, pointer: string) => Setup['openapi'] {
  const documents = new Map<string, Setup['openapi']>()
  return (path, pointer) => {
    const relative = files.relative(path)
    if (documents.has(relative)) return documents.get(relative)
    const document = read(relative, pointer, path)
    documents.set(relative, document)
    return document
  }

  function read(path: string, pointer: string, written: string): Setup['openapi'] {
    const text = files.text(path)
    if (text === undefined) {
      const message = `the OpenAPI document ${written} ${files.troubleWith(written)}`
      const remote = /^https?:/i.test(written)
      const suggestion = remote ? 'save it in the workspace and write its path' : 'paths start at the workspace'
      problems.at(root, pointer, { code: 'FILE_MISSING', message, suggestion })
      return undefined
    }
    if (reportForeign(new SourceFile(path, text), files, problems)) return undefined
    const reading = readingOf(text, path, (other) => files.text(other))
    for (const { path: file, line, column, severity, message, suggestion } of reading.problems) {
      // An error that leaves a document concerns a part of it; the API still works without that part.
      const weight = reading.document ? 'warning' : severity
      const place = { file, line: line ?? 1, column: column ?? 1 }
      problems.add(place, { code: 'OPENAPI_INVALID', message, suggestion, severity: weight })
    }
    return reading.document
  }
}
