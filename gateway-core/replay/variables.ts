import { madeUpNames, madeUpValue } from './made-up-values.ts'
import { ReplayError } from './replay-error.ts'

export type Variables = ReadonlyMap<string, string>

const use = /\{\{\s*([^{}]*?)\s*\}\}/g
const deepest = 10

/** Values that a response gave: they are put in as they are, and nothing in them is read as a variable or a reference. */
export interface Taken {
  values: Variables
  /** What stands for such a value in the text; without it the value itself. */
  hold?(value: string): string
}

/**
 * The text with `{{name}}` replaced by variables, which may use others, and `{{$…}}` by values made up anew. Throws a
 * ReplayError for a name that there is not.
 */
export function fillVariables(text: string, variables: Variables, where: string, taken?: Taken, depth = 0): string {
  if (!text.includes('{{')) return text
  if (depth > deepest) throw new ReplayError(`variables in ${where} use each other without end`, 'break the circle')
  return text.replaceAll(use, (_, expression: string) => {
    if (expression.startsWith('$')) return madeUp(expression, where)
    const given = taken?.values.get(expression)
    if (given !== undefined) return taken?.hold ? taken.hold(given) : given
    const value = variables.get(expression)
    if (value !== undefined) return fillVariables(value, variables, where, taken, depth + 1)
    const known = [...new Set([...(taken?.values.keys() ?? []), ...variables.keys()])].slice(0, 12).join(', ')
    throw new ReplayError(
      `${where} uses {{${expression.slice(0, 60)}}}, which has no value`,
      `define it, or capture it in a step before${known === '' ? '' : `; there are: ${known}`}`,
    )
  })
}

/** The text with those variables put in that there are; the others stay as they are written. */
export function fillKnownVariables(text: string, variables: Variables, depth = 0): string {
  if (depth > deepest || !text.includes('{{')) return text
  return text.replaceAll(use, (whole, name: string) => {
    const value = variables.get(name)
    return value === undefined ? whole : fillKnownVariables(value, variables, depth + 1)
  })
}

function madeUp(expression: string, where: string): string {
  // Of the environment of the process, as REST Client and JetBrains write it.
  const environment = /^\$(?:processEnv\s+|env\.)(\w+)$/.exec(expression)?.[1]
  if (environment !== undefined) return `\${env:${environment}}`
  const value = madeUpValue(expression)
  if (value !== undefined) return value
  throw new ReplayError(`${where}: there is no {{${expression.slice(0, 60)}}}`, `there are: ${madeUpNames}`)
}
