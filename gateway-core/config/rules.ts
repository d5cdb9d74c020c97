import { RE2JS } from 're2js'
import { parseFilter } from '../filter/grammar.ts'
import { unknownOn } from '../filter/known.ts'
import { type Filter, FilterError } from '../filter/syntax.ts'
import type { HeaderField, Position } from '../pipeline/outcome.ts'
import { checkAgainst } from './check-against.ts'
import type { ConfigOf } from './config-of.ts'
import { fillDefaults } from './json-schema.ts'
import type { Container } from './origins.ts'
import type { Finding } from './problems.ts'
import { ruleActions, type ruleSchema } from './rules-schema.ts'
import { structure } from './schema.ts'
import { readMapping, type Sources } from './sets.ts'
import { parseDuration, parseSize } from './units.ts'

/** A rule without code: what it concerns and what it does. */
export interface Rule {
  readonly name: string
  readonly enabled: boolean
  /** As written, and compiled. */
  readonly match: string
  readonly filter: Filter
  /** Part of the matching exchanges that it concerns. */
  readonly share: number
  readonly action: RuleAction
  readonly position: Position
}

export type RuleAction =
  | { kind: 'rewrite'; request: Rewrite | undefined; response: Rewrite | undefined }
  | { kind: 'mock'; status: number; headers: readonly HeaderField[]; body: string }
  | { kind: 'delay'; fromMs: number; toMs: number; bytesPerSecond: number | undefined }
  | { kind: 'reset' }
  | { kind: 'hang'; ms: number }
  | { kind: 'status'; status: number }
  | { kind: 'truncate'; bytes: number }
  | { kind: 'slow'; bytesPerSecond: number }

/** Changes of one message, done in this order. */
export interface Rewrite {
  readonly method: string | undefined
  readonly status: number | undefined
  readonly removeHeaders: readonly string[]
  readonly setHeaders: readonly (readonly [name: string, values: readonly string[]])[]
  readonly body: string | undefined
  readonly replace: readonly Replacement[]
  /** By RFC 6901 pointer. */
  readonly setJson: readonly (readonly [pointer: string, value: unknown])[]
}

export interface Replacement {
  readonly in: 'url' | 'headers' | 'body'
  /** Text to the letter, or an expression. */
  readonly find: string | RE2JS
  readonly source: string
  readonly with: string
}

type Written = ConfigOf<typeof ruleSchema>
type WrittenRewrite = NonNullable<NonNullable<Written['rewrite']>['request']> & { status?: number; method?: string }
type Report = (pointer: string, finding: Finding) => void

/** How long a fault that says nothing goes on where it does not say, in ms. */
const hangMs = 30_000

/** The rules of `gatehouse.yaml`, then those of `rules/*.yaml` by the names of the files: in the order written. */
export function readRules(root: Record<string, unknown>, sources: Sources): Rule[] {
  const { files, problems, references } = sources
  const names = new Set<string>()
  const rules = rulesIn(root, sources, names)
  for (const path of files.yamlFilesIn('rules')) {
    const mapping = readMapping(path, sources)
    if (!mapping) continue
    references.resolveIn(mapping)
    fillDefaults(structure.rules, mapping)
    let sound = true
    checkAgainst(structure.rules, mapping, mapping, references, (pointer, finding) => {
      sound = false
      problems.at(mapping, pointer, finding)
    })
    if (sound) rules.push(...rulesIn(mapping, sources, names))
  }
  return rules
}

function rulesIn(mapping: Record<string, unknown>, sources: Sources, names: Set<string>): Rule[] {
  const list = mapping['rules']
  if (!Array.isArray(list)) return []
  return (list as (Written & Container)[]).flatMap((written) => {
    // What broke its schema was said already.
    if (typeof written !== 'object' || written === null || typeof written.name !== 'string') return []
    const report: Report = (pointer, finding) => sources.problems.at(written, pointer, finding)
    if (names.has(written.name)) {
      const message = `there are two rules with the name "${written.name}"`
      report('/name', { code: 'DUPLICATE_NAME', message, suggestion: 'give each its own name' })
    }
    names.add(written.name)
    const filter = filterOf(written.match, report)
    const action = actionOf(written, sources, report)
    if (!filter || !action) return []
    warnOfUnknown(filter, action, report)
    const { name, enabled, match, share } = written
    return [{ name, enabled, match, filter, share, action, position: sources.problems.position(written) }]
  })
}

function filterOf(query: string, report: Report): Filter | undefined {
  try {
    return parseFilter(query)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    const { message, offset, suggestion } = error
    report('/match', { code: 'BAD_EXPRESSION', message: `"match" is not a query: ${message}`, offset, suggestion })
    return undefined
  }
}

/** What happens before anything is routed cannot depend on what is only known later. */
function warnOfUnknown(filter: Filter, action: RuleAction, report: Report): void {
  const changesRequest = action.kind === 'rewrite' ? action.request !== undefined : beforeUpstream.has(action.kind)
  const unknown = changesRequest ? unknownOn(filter, 'request') : []
  if (unknown.length === 0) return
  const message = `"match" asks for ${unknown.join(' and ')}, which is not known yet when a request comes in: that does not match`
  const suggestion = 'ask for what a request says: method, host, url, req.headers, req.body, client'
  report('/match', { code: 'UNREACHABLE', severity: 'warning', message, suggestion })
}

const beforeUpstream = new Set<RuleAction['kind']>(['mock', 'reset', 'hang', 'status'])

function actionOf(written: Written, sources: Sources, report: Report): RuleAction | undefined {
  const [action, other] = ruleActions.filter((key) => written[key] !== undefined)
  if (action === undefined || other !== undefined) {
    const message = action ? `a rule does one thing, and this one has ${action} and ${other}` : 'this rule does nothing'
    const suggestion = action ? 'write two rules, one after the other' : `give it one of ${ruleActions.join(', ')}`
    report(other ? `/${other}` : '', { code: action ? 'BAD_VALUE' : 'MISSING_KEY', message, suggestion, part: 'key' })
    return undefined
  }
  switch (action) {
    case 'rewrite': {
      const { request, response } = written.rewrite!
      return {
        kind: 'rewrite',
        request: request && rewriteOf(request, '/rewrite/request', report),
        response: response && rewriteOf(response, '/rewrite/response', report),
      }
    }
    case 'mock':
      return mockOf(written.mock!, sources, report)
    case 'delay':
      return delayOf(written.delay!, report)
    case 'fault':
      return faultOf(written.fault!)
  }
}

function rewriteOf(written: WrittenRewrite, pointer: string, report: Report): Rewrite {
  const { method, status, setHeaders = {}, removeHeaders = [], replace = [], setJson = {}, body } = written
  for (const name of [...Object.keys(setHeaders), ...removeHeaders]) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) continue
    const message = `"${name}" is not the name of a header field`
    report(pointer, { code: 'BAD_VALUE', message, suggestion: 'write it like X-Request-Id' })
  }
  for (const key of Object.keys(setJson)) {
    if (key === '' || key.startsWith('/')) continue
    const message = `"${key}" is not a JSON pointer`
    report(`${pointer}/setJson`, { code: 'BAD_VALUE', message, suggestion: `write it like /${key}` })
  }
  return {
    method,
    status,
    removeHeaders,
    setHeaders: Object.entries(setHeaders).map(([name, values]) => [name, [values].flat() as string[]] as const),
    body,
    replace: replace.flatMap((one, at) => replacementOf(one, `${pointer}/replace/${at}`, report)),
    setJson: Object.entries(setJson),
  }
}

function replacementOf(
  written: { in: Replacement['in']; text?: string; expression?: string; with: string },
  pointer: string,
  report: Report,
): Replacement[] {
  const { text, expression } = written
  if ((text === undefined) === (expression === undefined)) {
    const message = 'a replacement looks for a text or for an expression'
    report(pointer, { code: 'MISSING_KEY', message, suggestion: 'give it one of text and expression' })
    return []
  }
  if (text !== undefined) return [{ in: written.in, find: text, source: text, with: written.with }]
  try {
    return [{ in: written.in, find: RE2JS.compile(expression!), source: expression!, with: written.with }]
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, '')
    report(`${pointer}/expression`, { code: 'BAD_EXPRESSION', message: `"expression" does not compile: ${reason}` })
    return []
  }
}

function mockOf(written: NonNullable<Written['mock']>, { files }: Sources, report: Report): RuleAction | undefined {
  const given = (['body', 'json', 'file'] as const).filter((key) => written[key] !== undefined)
  if (given.length > 1) {
    const message = `the answer has ${given.join(' and ')}`
    report(`/mock/${given[1]}`, { code: 'BAD_VALUE', message, suggestion: 'keep one of them', part: 'key' })
    return undefined
  }
  const headers: HeaderField[] = Object.entries(written.headers).flatMap(([name, values]) =>
    ([values].flat() as string[]).map((value): HeaderField => [name, value]),
  )
  let body = written.body ?? ''
  if (written.json !== undefined) {
    body = JSON.stringify(written.json)
    if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) {
      headers.push(['Content-Type', 'application/json'])
    }
  } else if (written.file !== undefined) {
    const text = files.text(written.file)
    if (text === undefined) {
      const message = `the file ${written.file} cannot be read`
      report('/mock/file', { code: 'FILE_MISSING', message, suggestion: 'paths start at the workspace' })
      return undefined
    }
    if (files.isForeign(written.file)) {
      const message = `the file ${written.file} is no UTF-8 text, and would not arrive as it is`
      report('/mock/file', { code: 'BAD_VALUE', message, suggestion: 'name a file of text' })
      return undefined
    }
    body = text
  }
  return { kind: 'mock', status: written.status, headers, body }
}

function delayOf(written: NonNullable<Written['delay']>, report: Report): RuleAction {
  if (typeof written !== 'object') {
    const ms = parseDuration(written) ?? 0
    return { kind: 'delay', fromMs: ms, toMs: ms, bytesPerSecond: undefined }
  }
  const fromMs = parseDuration(written.from) ?? 0
  const toMs = written.to === undefined ? fromMs : (parseDuration(written.to) ?? 0)
  if (toMs < fromMs) report('/delay/to', { code: 'BAD_VALUE', message: 'this range is empty: "to" is before "from"' })
  const bytesPerSecond = written.bytesPerSecond === undefined ? undefined : rateOf(written.bytesPerSecond)
  return { kind: 'delay', fromMs, toMs, bytesPerSecond }
}

function faultOf(written: NonNullable<Written['fault']>): RuleAction {
  if (written === 'reset') return { kind: 'reset' }
  if (written === 'hang') return { kind: 'hang', ms: hangMs }
  if (written.status !== undefined) return { kind: 'status', status: written.status }
  if (written.truncate !== undefined) return { kind: 'truncate', bytes: parseSize(written.truncate) ?? 0 }
  if (written.slow !== undefined) return { kind: 'slow', bytesPerSecond: rateOf(written.slow) }
  return { kind: 'hang', ms: parseDuration(written.hang ?? hangMs) ?? hangMs }
}

function rateOf(written: string | number): number {
  return Math.max(1, parseSize(written) ?? 1)
}
