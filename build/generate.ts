import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { editorSchema } from '../gateway-core/config/schema.ts'
import { denials, diagnostics } from '../gateway-core/errors.ts'
import { policies } from '../gateway-core/policies/index.ts'
import { testsEditorSchema } from '../gateway-core/tests/schema.ts'
import { policyOutcomes } from './policy-outcomes.ts'
import { codesPage, policiesPage } from './reference-pages.ts'

/**
 * Writes the generated files, most of them under `docs/reference`: `npm run generate`. With `--check` it writes nothing and says
 * which files are not what the sources give.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)))

const pages: Readonly<Record<string, string>> = {
  'docs/reference/policies.md': policiesPage(policies),
  'docs/reference/codes.md': codesPage(denials, diagnostics),
  'gateway-core/rejudge/policy-outcomes.json': policyOutcomes(policies),
  'docs/reference/tests.schema.json': `${JSON.stringify(testsEditorSchema(), undefined, 2)}\n`,
  'docs/reference/workspace.schema.json': `${JSON.stringify(editorSchema(), undefined, 2)}\n`,
}

const check = process.argv.includes('--check')
const stale = Object.entries(pages).filter(([path, text]) => textOf(path) !== text)
for (const [path, text] of stale) {
  if (check) console.error(`${path} is not fresh`)
  else {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}
if (check && stale.length > 0) {
  console.error('Run: npm run generate')
  process.exitCode = 1
} else if (stale.length === 0) console.log(`${Object.keys(pages).length} generated files are fresh`)

function textOf(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}
