import type { Schema } from './config-of.ts'
import { pointerKeys } from './origins.ts'
import type { Finding } from './problems.ts'
import type { References } from './references.ts'
import { type Issue, issuesOf } from './validate.ts'

/**
 * Reports everything in which a value breaks its schema. `value` may be a copy of what was `written` with defaults;
 * texts from references are shown as they were written. A text that came whole from a reference is taken as a number
 * or as true or false where the schema wants one: `limit: ${env:LIMIT}`.
 */
export function checkAgainst(
  schema: Schema,
  value: unknown,
  written: object,
  references: References,
  report: (pointer: string, finding: Finding) => void,
): void {
  const shown = (pointer: string) => {
    const entry = entryAt(written, pointer)
    return entry && references.written(entry.container, entry.key)
  }
  let issues = issuesOf(schema, value, shown)
  if (issues.length > 0 && retype(value, issues, shown)) issues = issuesOf(schema, value, shown)
  for (const { pointer, part, code, message, suggestion } of issues)
    report(pointer, { part, code, message, suggestion })
}

function retype(value: unknown, issues: readonly Issue[], shown: (pointer: string) => string | undefined): boolean {
  let changed = false
  for (const { pointer, code } of issues) {
    if (code !== 'WRONG_TYPE' || !/^\$\{[^}]*\}$/.test(shown(pointer) ?? '')) continue
    const entry = entryAt(value, pointer)
    const text = entry?.container[entry.key]
    if (!entry || typeof text !== 'string') continue
    if (/^-?\d+(\.\d+)?$/.test(text)) entry.container[entry.key] = Number(text)
    else if (text === 'true' || text === 'false') entry.container[entry.key] = text === 'true'
    else continue
    changed = true
  }
  return changed
}

function entryAt(root: unknown, pointer: string): { container: Record<string, unknown>; key: string } | undefined {
  const keys = pointerKeys(pointer)
  const key = keys.pop()
  let container = root
  for (const step of keys) {
    if (typeof container !== 'object' || container === null) return undefined
    container = (container as Record<string, unknown>)[step]
  }
  if (key === undefined || typeof container !== 'object' || container === null) return undefined
  return { container: container as Record<string, unknown>, key }
}
