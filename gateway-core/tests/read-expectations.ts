import { RE2JS } from 're2js'
import { escapeKey } from '../config/origins.ts'
import type { Problems } from '../config/problems.ts'
import type { TraceVerdict } from '../pipeline/outcome.ts'
import type { Expectation, TextRule } from './policy-test.ts'

type Mapping = Record<string, unknown>

/** What `expect` of a test or of a step says, one by one, each with its line. The value fits the schema. */
export function readExpectations(written: unknown, holder: Mapping, problems: Problems): Expectation[] {
  if (written === undefined) return []
  const expect = written as Mapping
  const list: Expectation[] = []
  const at = (pointer: string) => problems.position(holder, `/expect${pointer}`, 'key')
  for (const kind of ['verdict', 'decidedBy', 'code', 'route'] as const) {
    const wanted = expect[kind] as string | undefined
    if (wanted !== undefined) list.push({ kind, wanted, name: kind, position: at(`/${kind}`) })
  }
  if (expect['status'] !== undefined) {
    list.push({ kind: 'status', wanted: expect['status'] as number, name: 'status', position: at('/status') })
  }
  if (expect['consumer'] !== undefined) {
    const wanted = expect['consumer'] as string | null
    list.push({ kind: 'consumer', wanted, name: 'consumer', position: at('/consumer') })
  }
  const message = (of: 'response' | 'forwarded', value: Mapping, base: string) => {
    const lead = of === 'forwarded' ? 'forwarded ' : ''
    for (const [header, rule] of Object.entries((value['headers'] ?? {}) as Mapping)) {
      const pointer = `${base}/headers/${escapeKey(header)}`
      const wanted = headerRule(rule)
      checkExpression(wanted, holder, `/expect${pointer}`, problems)
      list.push({ kind: 'header', of, header, wanted, name: `${lead}header ${header}`, position: at(pointer) })
    }
    for (const { wanted, pointer } of bodyRules(value['body'])) {
      const name = wanted.rule === 'json' ? `${lead}body ${wanted.pointer || '/'}` : `${lead}body`
      list.push({ kind: 'body', of, wanted, name, position: at(`${base}/body${pointer}`) })
    }
  }
  message('response', expect, '')
  for (const [policy, step] of Object.entries((expect['trace'] ?? {}) as Mapping)) {
    const { verdict, code } = (typeof step === 'string' ? { verdict: step } : step) as {
      verdict?: TraceVerdict
      code?: string
    }
    const position = at(`/trace/${escapeKey(policy)}`)
    list.push({ kind: 'trace', policy, verdict, code, name: `trace ${policy}`, position })
  }
  const forwarded = expect['forwarded'] as Mapping | undefined
  if (forwarded) {
    for (const part of ['method', 'path', 'query'] as const) {
      const wanted = forwarded[part] as string | undefined
      const position = at(`/forwarded/${part}`)
      if (wanted !== undefined) list.push({ kind: 'forwarded', part, wanted, name: `forwarded ${part}`, position })
    }
    message('forwarded', forwarded, '/forwarded')
  }
  // As written, so that what failed reads from top to bottom.
  return list.sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
}

function headerRule(written: unknown): TextRule {
  if (written === true) return { rule: 'there' }
  if (written === false || written === null) return { rule: 'absent' }
  if (typeof written !== 'object') return { rule: 'equals', text: String(written as string | number) }
  const { contains, matches } = written as { contains?: string; matches?: string }
  return contains !== undefined ? { rule: 'contains', text: contains } : { rule: 'matches', text: matches! }
}

function bodyRules(written: unknown): { wanted: TextRule; pointer: string }[] {
  if (written === undefined) return []
  if (typeof written === 'string') return [{ wanted: { rule: 'equals', text: written }, pointer: '' }]
  const { equals, contains, excludes, json } = written as {
    equals?: string
    contains?: string | string[]
    excludes?: string | string[]
    json?: Mapping
  }
  const rules: { wanted: TextRule; pointer: string }[] = []
  if (equals !== undefined) rules.push({ wanted: { rule: 'equals', text: equals }, pointer: '/equals' })
  for (const [rule, texts] of [
    ['contains', contains],
    ['excludes', excludes],
  ] as const) {
    for (const text of [texts ?? []].flat()) rules.push({ wanted: { rule, text }, pointer: `/${rule}` })
  }
  for (const [pointer, value] of Object.entries(json ?? {})) {
    rules.push({ wanted: { rule: 'json', pointer, value }, pointer: `/json/${escapeKey(pointer)}` })
  }
  return rules
}

function checkExpression(rule: TextRule, holder: Mapping, pointer: string, problems: Problems): void {
  if (rule.rule !== 'matches') return
  try {
    RE2JS.compile(rule.text)
  } catch (error) {
    const message = `this expression does not compile: ${(error as Error).message}`
    problems.at(holder, `${pointer}/matches`, { code: 'BAD_EXPRESSION', message, suggestion: 'see the syntax of RE2' })
  }
}
