import type { ErrorObject } from 'ajv/dist/2020.js'
import type { DiagnosticCode } from '../errors.ts'
import { closest, didYouMean } from './closest.ts'
import type { Schema } from './config-of.ts'
import { schemaErrors, typeFits } from './json-schema.ts'
import { escapeKey, type Part, pointerKeys } from './origins.ts'
import { describeSchema, exampleOf, hintOf, inline, isMeasure, nameOf, show } from './wording.ts'

/** What is wrong with a value under a schema, with the pointer of the key or value that a person has to change. */
export interface Issue {
  readonly pointer: string
  readonly part: Part
  readonly code: DiagnosticCode
  readonly message: string
  readonly suggestion: string | undefined
  /** For a missing key its name, for an unknown one the key that was probably meant. */
  readonly key?: string | undefined
}

/**
 * Everything that is wrong with a value, in words. Where a schema offers alternatives, only the one that was most
 * likely meant is explained. `shown` gives the text of a value as it was written, for values that must not be repeated.
 */
export function issuesOf(schema: Schema, value: unknown, shown: (pointer: string) => string | undefined): Issue[] {
  return explain(schema, value, '', shown)
}

type Shown = (pointer: string) => string | undefined

function explain(schema: Schema, value: unknown, base: string, shown: Shown): Issue[] {
  const errors = schemaErrors(schema, value)
  if (errors.length === 0) return []
  const unions = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf')
  const issues: Issue[] = []
  for (const error of errors) {
    if (unions.some((union) => union !== error && isInside(error, union))) continue
    // What a key's name breaks is told once, of the key.
    if (error.keyword === 'if' || error.propertyName !== undefined) continue
    issues.push(...(unions.includes(error) ? explainUnion(error, base, shown) : [explainOne(error, base, shown)]))
  }
  return withoutEchoes(issues)
}

/**
 * A wrong type often breaks enum, pattern and others too: the first issue of a value says enough. A misspelt key is
 * not missing as well.
 */
function withoutEchoes(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>()
  const misspelt = new Set(
    issues.filter(({ code }) => code === 'UNKNOWN_KEY').map(({ pointer, key }) => `${parentOf(pointer)} ${key}`),
  )
  return issues.filter(({ pointer, part, code, message, key }) => {
    if (code === 'MISSING_KEY' && misspelt.has(`${pointer} ${key}`)) return false
    const aboutValue = code === 'WRONG_TYPE' || code === 'BAD_VALUE' || code === 'BAD_DURATION'
    const identity = aboutValue ? `${pointer} value` : `${pointer} ${part} ${code} ${message}`
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  })
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  const inPlace = error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`)
  if (!inPlace) return false
  if (error.schemaPath.startsWith(`${union.schemaPath}/`)) return true
  // Errors behind a `$ref` begin a path of their own: those deeper than the union are taken as its branches'.
  return !error.schemaPath.startsWith('#/properties') && error.instancePath !== union.instancePath
}

function explainUnion(union: ErrorObject, base: string, shown: Shown): Issue[] {
  const pointer = base + union.instancePath
  const parent = union.parentSchema as Schema
  const branches = union.schema as readonly Schema[]
  const fitting = branches.filter((branch) => typeFits(branch, union.data))
  const structured = fitting.filter((branch) => branch['properties'] !== undefined || branch['items'] !== undefined)
  const scalars = typeof union.data !== 'object' || union.data === null
  if (fitting.length === 0 || (scalars && fitting.length > 1) || (!scalars && structured.length === 0)) {
    const wanted = typeof parent['wants'] === 'string' ? parent['wants'] : alternatives(branches)
    const code = fitting.length === 0 ? 'WRONG_TYPE' : 'BAD_VALUE'
    const message = `${nameOf(pointer)} has to be ${wanted}, but is ${shown(pointer) ?? show(union.data)}`
    return [{ pointer, part: 'value', code, message, suggestion: hintOf(parent, pointer, union.data) }]
  }
  try {
    const explained = fitting.map((branch) => explain(branch, union.data, pointer, shown))
    const open = explained.filter((issues) => issues.length > 0)
    if (open.length < explained.length) return [several(pointer, branches)]
    // The branch that was meant is the one whose keys were used: it knows most of them.
    const best = open.reduce((best, issues) => (distance(issues) < distance(best) ? issues : best))
    // The branches of a union rarely describe themselves: the union does.
    const description = typeof parent['description'] === 'string' ? parent['description'] : undefined
    return best.map((issue) => {
      if (issue.pointer !== pointer || issue.suggestion !== undefined || issue.code !== 'BAD_VALUE') return issue
      if (description === undefined) return issue
      const message = `${nameOf(pointer)} cannot be ${shown(pointer) ?? show(union.data)}`
      return { ...issue, message, suggestion: description }
    })
  } catch {
    return [several(pointer, branches)]
  }
}

function distance(issues: readonly Issue[]): number {
  return issues.reduce((sum, { code }) => sum + (code === 'UNKNOWN_KEY' ? 3 : code === 'MISSING_KEY' ? 2 : 1), 0)
}

function several(pointer: string, branches: readonly Schema[]): Issue {
  const message = `${nameOf(pointer)} has to be exactly one of: ${alternatives(branches)}`
  return { pointer, part: 'value', code: 'BAD_VALUE', message, suggestion: undefined }
}

function alternatives(branches: readonly Schema[]): string {
  return [...new Set(branches.map(describeSchema))].join(' or ')
}

function explainOne(error: ErrorObject, base: string, shown: Shown): Issue {
  const pointer = base + error.instancePath
  const parent = (error.parentSchema ?? {}) as Schema
  const name = nameOf(pointer)
  const seen = () => shown(pointer) ?? show(error.data)
  const issue = (code: DiagnosticCode, message: string, suggestion?: string, part: Part = 'value'): Issue => {
    return { pointer, part, code, message, suggestion: suggestion ?? hintOf(parent, pointer, error.data) }
  }
  const parameters = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'required':
    case 'dependentRequired':
      return missingKey(pointer, String(parameters['missingProperty']), parent)
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownKey(pointer, String(parameters['additionalProperty'] ?? parameters['unevaluatedProperty']), parent)
    case 'propertyNames':
      return badKeyName(pointer, String(parameters['propertyName']), parent)
    case 'type':
      return issue(
        'WRONG_TYPE',
        `${name} has to be ${describeSchema(parent)}, but is ${seen()}`,
        asList(error, shown(pointer)),
      )
    case 'enum':
    case 'const': {
      const allowed = (error.keyword === 'enum' ? (error.schema as unknown[]) : [error.schema]).map(String)
      const text = typeof error.data === 'string' ? error.data : show(error.data)
      const suggestion = allowed.length > 1 ? didYouMean(text, allowed, 'it can be') : undefined
      return issue('BAD_VALUE', `${name} cannot be ${seen()}`, suggestion)
    }
    case 'pattern':
    case 'format':
      return badForm(issue, parent, name, seen())
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return issue(
        'BAD_VALUE',
        `${name} has to be ${comparison(error)}, but is ${seen()}`,
        exampleOf(parent, pointer) ?? `write ${comparison(error)}`,
      )
    case 'minItems':
    case 'minProperties':
    case 'minLength':
      if (parameters['limit'] === 1) {
        const suggestion = exampleOf(parent, pointer) ?? 'name at least one, or remove the key'
        return issue('BAD_VALUE', `${name} must not be empty`, error.keyword === 'minItems' ? suggestion : undefined)
      }
      return issue('BAD_VALUE', `${name} ${error.message?.replace('must NOT have', 'must not have')}`)
    case 'maxItems':
    case 'maxProperties':
    case 'maxLength':
      return issue('BAD_VALUE', `${name} takes ${atMost(error)}`, 'leave the others out')
    case 'uniqueItems':
      return issue('BAD_VALUE', `${name} has the same item twice`, 'keep one of them')
    default:
      return issue('BAD_VALUE', `${name} ${error.message ?? 'is not valid'}`)
  }
}

/** A text of the wrong form. Patterns are for machines: a description in words says more where there is one. */
function badForm(
  issue: (code: DiagnosticCode, message: string, suggestion?: string) => Issue,
  schema: Schema,
  name: string,
  seen: string,
): Issue {
  const code = isMeasure(schema) ? 'BAD_DURATION' : 'BAD_VALUE'
  const { description, examples, wants } = schema as { description?: string; examples?: unknown; wants?: string }
  if (code === 'BAD_DURATION' || wants || examples || !description) {
    return issue(code, `${name} has to be ${describeSchema(schema)}, but is ${seen}`)
  }
  return issue(code, `${name} cannot be ${seen}`, description)
}

function comparison({ params }: ErrorObject): string {
  const { comparison, limit } = params as { comparison: string; limit: number }
  const words: Readonly<Record<string, string>> = {
    '>=': 'at least',
    '<=': 'at most',
    '>': 'more than',
    '<': 'less than',
  }
  return `${words[comparison] ?? comparison} ${limit}`
}

function atMost({ keyword, params, data }: ErrorObject): string {
  const limit = Number(params['limit'])
  const noun = keyword === 'maxItems' ? 'item' : keyword === 'maxLength' ? 'character' : 'key'
  const has = keyword === 'maxProperties' ? `, but has ${Object.keys(data as object).join(' and ')}` : ''
  return `at most ${limit} ${noun}${limit === 1 ? '' : 's'}${has}`
}

/** One value where a list of them is wanted. */
function asList(error: ErrorObject, shown: string | undefined): string | undefined {
  const { data, params, instancePath } = error
  if (params['type'] !== 'array' || (typeof data !== 'string' && typeof data !== 'number')) return undefined
  return `write it as a list: ${instancePath.split('/').at(-1)}: [${inline(shown ?? data)}]`
}

function missingKey(pointer: string, key: string, parent: Schema): Issue {
  const property = (parent['properties'] as Record<string, Schema> | undefined)?.[key]
  const example = property && exampleOf(property, `${pointer}/${escapeKey(key)}`)
  const suggestion = example ?? `add it: ${key}: …`
  const where = pointer === '' ? '' : ` in ${nameOf(pointer)}`
  return { pointer, part: 'key', code: 'MISSING_KEY', message: `the key "${key}" is missing${where}`, suggestion, key }
}

function unknownKey(pointer: string, key: string, parent: Schema): Issue {
  const known = Object.keys((parent['properties'] as object | undefined) ?? {})
  const suggestion = didYouMean(key, known, 'the keys here are')
  const message = `unknown key "${key}"`
  const at = `${pointer}/${escapeKey(key)}`
  return { pointer: at, part: 'key', code: 'UNKNOWN_KEY', message, suggestion, key: closest(key, known) }
}

function parentOf(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'))
}

function badKeyName(pointer: string, key: string, parent: Schema): Issue {
  const names = (parent['propertyNames'] ?? {}) as Schema
  const allowed = (names['enum'] as readonly string[] | undefined) ?? []
  const message = allowed.length > 0 ? `unknown key "${key}"` : `"${key}" is not ${describeSchema(names)}`
  const code = allowed.length > 0 ? 'UNKNOWN_KEY' : 'BAD_VALUE'
  const suggestion = allowed.length > 0 ? didYouMean(key, allowed, 'the keys here are') : hintOf(names, pointer, key)
  return { pointer: `${pointer}/${escapeKey(key)}`, part: 'key', code, message, suggestion }
}

/** The value at a pointer, or undefined. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root
  for (const key of pointerKeys(pointer)) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
