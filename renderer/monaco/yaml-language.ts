import { configureMonacoYaml, type JSONSchema, type MonacoYaml } from 'monaco-yaml'
import 'monaco-editor/languages/definitions/yaml/register.js'
import { monaco } from './monaco.ts'
import { startWith, startYamlWorker } from './workers.ts'

let yaml: MonacoYaml | undefined
/** By the address of the text; files of one kind share their schema. */
const schemas = new Map<string, { schema: JSONSchema; key: string }>()

/**
 * Says which schema the YAML text at `uri` follows: the one that the core validates with, for completion and hover.
 * Problems come from the core alone; a second opinion in the editor would only contradict it.
 */
export function setYamlSchema(uri: string, schema: Record<string, unknown> | null): void {
  const key = schema ? JSON.stringify(schema) : undefined
  if (schemas.get(uri)?.key === key) return startYaml()
  if (schema && key !== undefined) schemas.set(uri, { schema: schema as JSONSchema, key })
  else schemas.delete(uri)
  startYaml()
  void yaml?.update(options())
}

function startYaml(): void {
  yaml ??= configureMonacoYaml(monacoWithWorkers() as never, options())
}

/** The address of a schema needs a host: without one the language service finds no reference inside of it. */
function options() {
  const files = new Map<string, string[]>()
  for (const [uri, { key }] of schemas) files.set(key, [...(files.get(key) ?? []), uri])
  return {
    validate: false,
    completion: true,
    hover: true,
    hoverSchemaSource: false,
    format: { enable: true },
    enableSchemaRequest: false,
    schemas: [...files.values()].map((uris) => ({
      uri: uris[0]!.replace('file://', 'gatehouse://schema'),
      fileMatch: uris,
      schema: schemas.get(uris[0]!)!.schema,
    })),
  }
}

/** monaco-yaml expects `createWebWorker` to take the data that the worker starts with; newer editors leave it to the caller. */
function monacoWithWorkers() {
  const createWebWorker = ({ createData }: { createData: unknown }) =>
    monaco.editor.createWebWorker({ worker: startWith(startYamlWorker(), createData) })
  return { ...monaco, editor: { ...monaco.editor, createWebWorker } }
}
