import { isDeepStrictEqual } from 'node:util'
import { RE2JS } from 're2js'
import { lookUp } from '../openapi/pointer.ts'
import type { Body } from '../exchange.ts'
import type { HeaderList } from '../headers.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { Judgement } from '../proxy/judge-request.ts'
import { isPolicy } from './policy-names.ts'
import type { Expectation, TextRule } from './policy-test.ts'

/** What was wanted and what came, in words; undefined when they agree. */
export interface Difference {
  readonly expected: string
  readonly got: string
}

/** Compares one expectation with what came out. */
export function compare(
  expectation: Expectation,
  judgement: Judgement,
  responseGiven: boolean,
): Difference | undefined {
  const { exchange, response, trace } = judgement
  switch (expectation.kind) {
    case 'verdict':
      return equal(expectation.wanted, judgement.verdict)
    case 'status':
      return statusDifference(expectation.wanted, judgement, responseGiven)
    case 'code':
      return equal(expectation.wanted, judgement.code)
    case 'decidedBy':
      return isPolicy(expectation.wanted, judgement.decidedBy)
        ? undefined
        : different(expectation.wanted, judgement.decidedBy ?? 'no policy')
    case 'route':
      return equal(expectation.wanted, exchange?.route?.id ?? 'no route')
    case 'consumer':
      return equal(expectation.wanted ?? 'nobody', exchange?.consumer?.name ?? 'nobody')
    case 'trace':
      return traceDifference(expectation, trace)
    case 'forwarded': {
      if (judgement.verdict !== 'pass') return different(show(expectation.wanted), 'nothing was forwarded')
      const { method, query } = exchange!.request
      const path = exchange!.route?.upstreamPath ?? exchange!.request.path
      return equal(expectation.wanted, { method, query, path }[expectation.part])
    }
    case 'header': {
      const { of, header, wanted } = expectation
      if (of === 'response')
        return headerDifference(header, wanted, response?.headers, 'there is no response: write response')
      if (judgement.verdict !== 'pass') return different(ruleText(wanted), 'nothing was forwarded')
      return headerDifference(header, wanted, exchange!.request.headers, '')
    }
    case 'body': {
      const { of, wanted } = expectation
      if (of === 'response') return bodyDifference(wanted, response?.body, 'there is no body: write response')
      if (judgement.verdict !== 'pass') return different(ruleText(wanted), 'nothing was forwarded')
      return bodyDifference(wanted, exchange!.request.body, 'no body, or none that a policy read')
    }
  }
}

function equal(wanted: string, got: string | undefined): Difference | undefined {
  return wanted === got ? undefined : different(wanted, got ?? 'none')
}

function different(expected: string, got: string): Difference {
  return { expected, got }
}

function statusDifference(
  wanted: number,
  { verdict, status }: Judgement,
  responseGiven: boolean,
): Difference | undefined {
  // What the upstream would say, only the test can know.
  if (verdict === 'pass' && !responseGiven) {
    return different(String(wanted), 'it is forwarded, and the test gives no response of the upstream')
  }
  return status === wanted ? undefined : different(String(wanted), String(status))
}

function traceDifference(
  { policy, verdict, code }: Extract<Expectation, { kind: 'trace' }>,
  trace: readonly TraceEntry[],
): Difference | undefined {
  const steps = trace.filter((entry) => isPolicy(policy, entry.policy))
  const fits = (entry: TraceEntry) =>
    (verdict === undefined || entry.verdict === verdict) && (code === undefined || entry.code === code)
  if (steps.some(fits)) return undefined
  const wanted = [verdict, code].filter((part) => part !== undefined).join(' ')
  const got = steps.map((entry) => [entry.verdict, entry.code].filter((part) => part !== undefined).join(' '))
  return different(wanted, got.length === 0 ? 'it did not run' : [...new Set(got)].join(', '))
}

function headerDifference(
  name: string,
  wanted: TextRule,
  headers: HeaderList | undefined,
  without: string,
): Difference | undefined {
  if (!headers) return different(ruleText(wanted), without)
  const values = headers.all(name.toLowerCase())
  if (wanted.rule === 'absent') return values.length === 0 ? undefined : different('not there', show(values.join(', ')))
  if (values.length === 0) return different(ruleText(wanted), 'not there')
  const all = values.join(', ')
  return [...values, all].some((value) => fits(wanted, value)) ? undefined : different(ruleText(wanted), show(all))
}

function bodyDifference(wanted: TextRule, body: Body | undefined, without: string): Difference | undefined {
  if (!body) return wanted.rule === 'excludes' ? undefined : different(ruleText(wanted), without)
  if (wanted.rule !== 'json') {
    return fits(wanted, body.text) ? undefined : different(ruleText(wanted), show(body.text))
  }
  const { json } = body
  if (!json.ok) return different(show(wanted.value), `no JSON: ${json.message} at character ${json.offset}`)
  const value = lookUp(json.value, wanted.pointer)
  return isDeepStrictEqual(value, wanted.value) ? undefined : different(show(wanted.value), show(value))
}

function fits(rule: TextRule, text: string): boolean {
  switch (rule.rule) {
    case 'equals':
      return text === rule.text
    case 'contains':
      return text.includes(rule.text)
    case 'excludes':
      return !text.includes(rule.text)
    case 'matches':
      return RE2JS.compile(rule.text).matches(text)
    case 'there':
      return true
    default:
      return false
  }
}

function ruleText(rule: TextRule): string {
  switch (rule.rule) {
    case 'equals':
      return show(rule.text)
    case 'contains':
      return `a text with ${show(rule.text)}`
    case 'excludes':
      return `a text without ${show(rule.text)}`
    case 'matches':
      return `a text that matches ${rule.text}`
    case 'there':
      return 'there'
    case 'absent':
      return 'not there'
    case 'json':
      return show(rule.value)
  }
}

/** A value on one line. */
function show(value: unknown): string {
  // JSON in quotes again would be hard to read.
  const plain = typeof value === 'string' && value.includes('"')
  const text = value === undefined ? 'nothing' : plain ? value : JSON.stringify(value)
  return text.length > 400 ? `${text.slice(0, 399)}…` : text
}
