import { configureMonacoYaml, type JSONSchema, type MonacoYaml } from 'monaco-yaml'
import 'monaco-editor/languages/definitions/yaml/register.js'
import { monaco } from './monaco.ts'
import { startYamlWorker } from './workers.ts'

let yaml: MonacoYaml | undefined
const schemas = new Map<string, JSONSchema>()

/**
 * Says which schema the YAML text at `uri` follows: the one that the core validates with, for completion and hover.
 * Problems come from the core alone; a second opinion in the editor would only contradict it.
 */
export function setYamlSchema(uri: string, schema: Record<string, unknown> | null): void {
  const before = schemas.get(uri)
  if (JSON.stringify(before) === JSON.stringify(schema ?? undefined)) return startYaml()
  if (schema) schemas.set(uri, schema as JSONSchema)
  else schemas.delete(uri)
  startYaml()
  void yaml?.update(options())
}

function startYaml(): void {
  yaml ??= configureMonacoYaml(monacoWithWorkers() as never, options())
}

/** The address of a schema needs a host: without one the language service finds no reference inside of it. */
function options() {
  return {
    validate: false,
    completion: true,
    hover: true,
    format: { enable: true },
    enableSchemaRequest: false,
    schemas: [...schemas].map(([uri, schema]) => ({
      uri: uri.replace('file://', 'gatehouse://schema'),
      fileMatch: [uri],
      schema,
    })),
  }
}

/**
 * monaco-yaml expects `createWebWorker` to take a label and the data that the worker starts with, which newer editors
 * leave to their caller: two messages, of which the first wakes the worker and the second is that data.
 */
function monacoWithWorkers() {
  const createWebWorker = ({ createData }: { createData: unknown }) => {
    const worker = startYamlWorker()
    worker.postMessage('ignore')
    worker.postMessage(createData)
    return monaco.editor.createWebWorker({ worker })
  }
  return { ...monaco, editor: { ...monaco.editor, createWebWorker } }
}
