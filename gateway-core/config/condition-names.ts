import { parse } from '@bufbuild/cel'
import { didYouMean } from './closest.ts'
import type { Finding } from './problems.ts'

/** What a condition knows (see `compileCondition`), with the fields of those that have a fixed set. */
const known: Readonly<Record<string, readonly string[] | undefined>> = {
  request: ['method', 'path', 'query', 'host', 'scheme', 'headers'],
  client: ['address'],
  route: ['id', 'api', 'parameters'],
  consumer: ['name', 'groups'],
  response: ['status', 'headers'],
  claims: undefined,
  now: undefined,
}
/** Types are names too: `type(claims.roles) == list`. */
const types = new Set([
  'bool',
  'bytes',
  'double',
  'google',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
])
/** What these give is never true or false. */
const arithmetic = /^(?:_[-+*/%]_|-_|size)$/

interface Node {
  readonly id?: bigint
  readonly exprKind?: { readonly case?: string; readonly value?: unknown }
}

/** Names in a condition that do not exist, and conditions that are not one: each would fail with every request. */
export function conditionFindings(source: string): Finding[] {
  const { expr, sourceInfo } = parse(source)
  const findings: Finding[] = []
  const own = new Set<string>()
  const say = (node: Node, past: number, message: string, suggestion: string | undefined) => {
    const offset = Number(sourceInfo?.positions[String(node.id)] ?? 0) + past
    findings.push({ code: 'BAD_EXPRESSION', message: `"when" ${message}`, suggestion, offset })
  }
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (typeof value !== 'object' || value === null) return
    const node = value as Node
    const kind = node.exprKind?.case
    if (kind === 'comprehensionExpr') {
      const { iterVar, iterVar2, accuVar } = node.exprKind!.value as Record<string, string>
      for (const name of [iterVar, iterVar2, accuVar]) if (name) own.add(name)
    } else if (kind === 'selectExpr') {
      const { operand, field, testOnly } = node.exprKind!.value as { operand?: Node; field: string; testOnly: boolean }
      const of = operand?.exprKind?.case === 'identExpr' ? (operand.exprKind.value as { name: string }).name : ''
      const fields = own.has(of) ? undefined : known[of]
      if (fields && !testOnly && !fields.includes(field)) {
        say(node, 1, `asks for ${of}.${field}, which is nothing`, didYouMean(field, fields, `${of} has`))
      }
    } else if (kind === 'identExpr') {
      const { name } = node.exprKind!.value as { name: string }
      if (!Object.hasOwn(known, name) && !own.has(name) && !types.has(name)) {
        say(node, 0, `names "${name}", which is nothing`, didYouMean(name, Object.keys(known), 'there are'))
      }
    }
    Object.values(value).forEach(walk)
  }
  walk(expr)
  const outer = (expr as Node | undefined)?.exprKind
  const constant = outer?.case === 'constExpr' && (outer.value as { constantKind: { case?: string } }).constantKind.case
  const call = outer?.case === 'callExpr' ? (outer.value as { function: string }).function : ''
  if ((constant && constant !== 'boolValue') || arithmetic.test(call) || outer?.case === 'listExpr') {
    const suggestion = `write it like: when: "request.method == 'POST'"`
    findings.push({ code: 'BAD_EXPRESSION', message: '"when" is not true or false', suggestion })
  }
  return findings
}
