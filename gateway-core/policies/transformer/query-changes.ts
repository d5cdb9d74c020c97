import type { Evidence, Exchange } from '../../exchange.ts'
import type { Change } from '../../pipeline/outcome.ts'
import type { Judge, Setup } from '../../pipeline/policy.ts'
import { pointerToken } from './header-changes.ts'
import { compileTemplate, referenceHelp, render, type Template } from './template.ts'

/** Schema of `query`. */
export const querySchema = {
  type: 'object',
  additionalProperties: false,
  description: `Changes to query parameters, in this order: remove, rename, set, add. Values are templates: ${referenceHelp}. Other parameters stay as they were written.`,
  properties: {
    remove: { type: 'array', items: { type: 'string' }, description: 'Parameters to remove.' },
    rename: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'New names by old name; a parameter that has the new name already is replaced.',
    },
    set: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description:
        'Values by name, in place of any that are there; when a value it refers to is missing, the parameter is removed.',
    },
    add: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Values by name, besides any that are there.',
    },
  },
} as const

export interface QueryConfig {
  readonly remove?: readonly string[]
  readonly rename?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
  readonly add?: Readonly<Record<string, string>>
}

export interface QueryChanges {
  readonly remove: ReadonlySet<string>
  readonly rename: readonly (readonly [from: string, to: string])[]
  readonly set: readonly (readonly [name: string, template: Template])[]
  readonly add: readonly (readonly [name: string, template: Template])[]
  readonly any: boolean
}

export function prepareQuery(config: QueryConfig | undefined, setup: Setup): QueryChanges {
  const { remove = [], rename = {}, set = {}, add = {} } = config ?? {}
  const templates = (values: Readonly<Record<string, string>>, key: string) =>
    Object.entries(values).map(
      ([name, text]) => [name, compileTemplate(text, `/query/${key}/${pointerToken(name)}`, setup)] as const,
    )
  return {
    remove: new Set(remove),
    rename: Object.entries(rename),
    set: templates(set, 'set'),
    add: templates(add, 'add'),
    any: config !== undefined,
  }
}

/** One parameter as written, with its decoded name. */
interface Pair {
  readonly name: string
  readonly written: string
}

export function changeQuery(
  plan: QueryChanges,
  exchange: Exchange,
  judge: Judge,
  changes: Change[],
  evidence: Evidence[],
): void {
  if (!plan.any) return
  const { query } = exchange.request
  let pairs: Pair[] = query === '' ? [] : query.split('&').map((written) => ({ name: nameOf(written), written }))
  pairs = pairs.filter(({ name }) => !plan.remove.has(name))
  for (const [from, to] of plan.rename) {
    if (from === to || !pairs.some(({ name }) => name === from)) continue
    pairs = pairs
      .filter(({ name }) => name !== to)
      .map((pair) => (pair.name === from ? { name: to, written: encode(to) + valueOf(pair.written) } : pair))
  }
  for (const kind of ['set', 'add'] as const) {
    for (const [name, template] of plan[kind]) {
      const rendered = render(template, exchange, judge)
      const at = kind === 'set' ? pairs.findIndex((pair) => pair.name === name) : -1
      if (kind === 'set') pairs = pairs.filter((pair, index) => pair.name !== name || index === at)
      if ('missing' in rendered) {
        const { at: place, text } = rendered.missing
        evidence.push({
          at: place,
          observed: null,
          expected: `a value for {${text}}; the parameter ${name} was left out`,
        })
        if (at !== -1) pairs.splice(at, 1)
        continue
      }
      const pair = { name, written: `${encode(name)}=${encode(rendered.text)}` }
      if (at === -1) pairs.push(pair)
      else pairs[at] = pair
    }
  }
  const changed = pairs.map(({ written }) => written).join('&')
  if (changed !== query) changes.push({ kind: 'set-query', query: changed })
}

function valueOf(written: string): string {
  const equals = written.indexOf('=')
  return equals === -1 ? '' : written.slice(equals)
}

function nameOf(written: string): string {
  const name = written.split('=', 1)[0]!.replaceAll('+', ' ')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
