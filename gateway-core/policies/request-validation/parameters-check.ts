import type { DenialCode } from '../../errors.ts'
import type { Evidence, Exchange, Place } from '../../exchange.ts'
import type { Operation } from '../../openapi/operations.ts'
import type { Parameter, ParameterPlace } from '../../openapi/parameter.ts'
import {
  readCookieParameter,
  readHeaderParameter,
  readPathParameter,
  readQueryParameter,
  type ParameterReading,
} from '../../openapi/parameters.ts'
import { cookiesOf, decodeForm, rawPairsOf, type RawPairs } from '../../openapi/query.ts'
import { printable } from '../../openapi/schema-words.ts'
import type { Validate } from '../../openapi/schemas.ts'

/** What was found, in order; the first one names the denial. */
export interface Finding {
  code: DenialCode
  evidence: Evidence
  /** Only to be noted, not a reason to deny. */
  warning?: true
}

/** A parameter with its validator. */
export interface CheckedParameter {
  parameter: Parameter
  validate: Validate | undefined
  secret: boolean
}

export interface ParameterChecks {
  byPlace: Readonly<Record<ParameterPlace, readonly CheckedParameter[]>>
  unknownQuery: 'deny' | 'warn' | 'allow'
  /** Query names that are fine though no parameter has them. */
  allowedQuery: ReadonlySet<string>
}

/** Judges every documented parameter of a request, and query parameters that are not documented. */
export function checkParameters(
  checks: ParameterChecks,
  operation: Operation,
  pathValues: Readonly<Record<string, string>>,
  exchange: Exchange,
  most: number,
): Finding[] {
  const findings: Finding[] = []
  const { path, query, header, cookie } = checks.byPlace
  for (const one of path) {
    const raw = pathValues[one.parameter.name]
    if (raw !== undefined) settle(one, readPathParameter(one.parameter, raw), findings, most)
  }
  const { request } = exchange
  if (query.length > 0 || (request.query !== '' && checks.unknownQuery !== 'allow')) {
    const pairs = rawPairsOf(request.query)
    const used = new Uint8Array(pairs.length)
    for (const one of query) settle(one, readQueryParameter(one.parameter, pairs, used), findings, most)
    if (checks.unknownQuery !== 'allow') unknownOnes(checks, operation, pairs, used, findings)
  }
  for (const one of header)
    settle(one, readHeaderParameter(one.parameter, request.headers.list(one.parameter.name)), findings, most)
  if (cookie.length > 0) {
    const cookies = request.headers.all('cookie').flatMap((value) => cookiesOf(value))
    for (const one of cookie) {
      const values = cookies.filter(([name]) => name === one.parameter.name).map(([, value]) => value)
      settle(one, readCookieParameter(one.parameter, values), findings, most)
    }
  }
  return findings
}

function settle(one: CheckedParameter, reading: ParameterReading, findings: Finding[], most: number): void {
  const { parameter, validate, secret } = one
  if (reading.state === 'absent') {
    if (!parameter.required) return
    const expected = `${parameter.in} parameter "${parameter.name}"`
    findings.push({ code: 'PARAMETER_MISSING', evidence: { at: placeOf(parameter), observed: 'nothing', expected } })
    return
  }
  const shown = secret ? {} : { observed: printable(reading.text, 100) }
  if (reading.state === 'malformed') {
    const evidence: Evidence = { at: placeOf(parameter), ...shown, expected: reading.expected }
    findings.push({ code: 'PARAMETER_INVALID', evidence: secret ? { ...evidence, secret: true } : evidence })
    return
  }
  if (!validate || (reading.text === '' && parameter.allowEmptyValue)) return
  let problems: ReturnType<Validate>
  for (const value of reading.readings) {
    const found = validate(value, most)
    if (!found) return
    problems ??= found
  }
  for (const problem of problems ?? []) {
    const hidden = secret || problem.secret === true
    const evidence: Evidence = {
      at: placeOf(parameter),
      ...(hidden
        ? { secret: true }
        : { observed: problem.pointer === '' ? printable(reading.text, 100) : problem.observed }),
      expected: problem.pointer === '' ? problem.expected : `at ${problem.pointer}: ${problem.expected}`,
    }
    findings.push({ code: 'PARAMETER_INVALID', evidence })
  }
}

function unknownOnes(
  checks: ParameterChecks,
  operation: Operation,
  pairs: RawPairs,
  used: Uint8Array,
  findings: Finding[],
): void {
  for (let at = 0; at < pairs.length; at += 1) {
    if (used[at] === 1 || checks.allowedQuery.has(pairs[at]![0])) continue
    const [name, raw] = pairs[at]!
    const known = checks.byPlace.query.map(({ parameter }) => parameter.name)
    const expected =
      known.length === 0
        ? `no query parameters at ${operation.method} ${operation.template}`
        : `only ${known.slice(0, 12).join(', ')}`
    const evidence: Evidence = {
      at: { in: 'query', name: printable(name, 60) },
      observed: printable(decodeForm(raw), 100),
      expected,
    }
    findings.push({ code: 'PARAMETER_UNKNOWN', evidence, ...(checks.unknownQuery === 'warn' ? { warning: true } : {}) })
  }
}

function placeOf(parameter: Parameter): Place {
  return { in: parameter.in, name: parameter.name }
}
