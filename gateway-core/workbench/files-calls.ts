import type { Schema } from '../config/config-of.ts'
import { editorSchema } from '../config/schema.ts'
import { policies } from '../policies/index.ts'
import { testsEditorSchema } from '../tests/schema.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { checkTestText } from './check-test-text.ts'
import { referenceAt } from './document-references.ts'
import { definitionAt, namesAt, renamed, withFileRenamed } from './symbols.ts'
import type { Workbench } from './workbench.ts'
import { kindOf } from './workspace-paths.ts'

/** Files of the workspace: read, written without losing what others wrote, checked as they are typed. */
export function filesCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `files.${string}`>> {
  return {
    'files.tree': () => workbench.files.tree(),
    'files.read': ({ path, revision }) => workbench.files.read(path, revision),
    'files.write': async ({ path, text, base }) => {
      const written = workbench.files.write(path, text, base)
      // It is in force when the answer comes: no wait for the watcher.
      if (written.state === 'saved') await workbench.workspace.reload()
      return written
    },
    'files.move': async ({ from, to }) => {
      workbench.files.move(from, to)
      const files = withFileRenamed(workbench.files, from, to)
      // Before the texts that name it are saved, a reload would only say that it is gone.
      if (files.length === 0) await workbench.workspace.reload()
      return { files }
    },
    'files.remove': async ({ path }) => {
      workbench.files.remove(path)
      await workbench.workspace.reload()
      return null
    },
    'files.check': ({ path, text }) =>
      kindOf(path, workbench.files.documents()) === 'test'
        ? checkTestText(workbench.workspace, path, text)
        : workbench.files.check(path, text),
    'files.schema': ({ path }) => ({ schema: schemaOf(kindOf(path, workbench.files.documents())) }),
    'files.definition': ({ path, text, line, column }) => {
      const cursor = { path, text, line, column }
      return definitionAt(workbench.files, cursor) ?? referenceAt(cursor, (file) => textIn(workbench, file))
    },
    'files.names': ({ path, text, line, column }) => namesAt(workbench.files, { path, text, line, column }),
    'files.rename': ({ path, text, line, column, name }) => ({
      files: renamed(workbench.files, { path, text, line, column }, name),
    }),
    'files.draft': ({ path, text, base }) => {
      workbench.files.draft(path, text, base)
      return null
    },
  }
}

/** Text of a file that a document refers to; undefined where there is none that may be read. */
function textIn(workbench: Workbench, path: string): string | undefined {
  try {
    return workbench.files.currentText(path)
  } catch {
    return undefined
  }
}

const schemas = new Map<string, Record<string, unknown> | null>()

/** JSON Schema of a kind of file, for completion and hover; null where there is none. */
function schemaOf(kind: ReturnType<typeof kindOf>): Record<string, unknown> | null {
  const known = schemas.get(kind)
  if (known !== undefined) return known
  const schema = makeSchema(kind)
  schemas.set(kind, schema)
  return schema
}

function makeSchema(kind: ReturnType<typeof kindOf>): Record<string, unknown> | null {
  // Above every hover the title would only say which schema it is.
  const whole: Schema = { ...explained(withTypesOnce(editorSchema())), title: undefined }
  if (kind === 'workspace') return { ...whole }
  if (kind === 'test') return { ...testsEditorSchema() }
  const part =
    kind === 'environment' ? 'environment' : kind === 'policies' ? 'policySets' : kind === 'rules' ? 'rules' : undefined
  if (part === undefined) return null
  const { $schema, $defs } = whole as { $schema: string; $defs: Record<string, Schema> }
  return { $schema, ...$defs[part], $defs }
}

/** What the editor says of a policy type: what it does, what it stands against, and how it is written. */
function explained(schema: Schema): Schema {
  const { $defs } = schema as { $defs: Record<string, Schema> }
  const said = policies.map(({ type, docs }) => {
    const owasp = docs.owasp.length === 0 ? '' : `\n\nOWASP ${docs.owasp.join(', ')}`
    const markdownDescription = `${docs.summary}${owasp}\n\n\`\`\`yaml\n${docs.example.trimEnd()}\n\`\`\``
    return [`policy-${type}`, { ...$defs[`policy-${type}`], markdownDescription }] as const
  })
  return { ...schema, $defs: { ...$defs, ...Object.fromEntries(said) } }
}

/** A policy may be written as its type alone; offered it is once, with the colon that its configuration follows. */
function withTypesOnce(schema: Schema): Schema {
  const { $defs } = schema as { $defs: Record<string, Schema> }
  const { anyOf, ...item } = $defs['policyItem'] as { anyOf: Schema[] }
  const mapping = anyOf.find((one) => one['type'] === 'object')
  return { ...schema, $defs: { ...$defs, policyItem: { ...item, ...mapping } } }
}
