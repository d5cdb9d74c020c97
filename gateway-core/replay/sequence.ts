import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { closest } from '../config/closest.ts'
import type { ConfigOf } from '../config/config-of.ts'
import { tokensOf } from '../openapi/pointer.ts'
import type { ImportProblem } from '../protocol/replay-reports.ts'
import { readTable, type Row } from './table.ts'
import { sequenceSchema } from './sequence-schema.ts'

export type Sequence = ConfigOf<typeof sequenceSchema>
export type SequenceStep = Sequence['steps'][number]

/** A sequence that was read, with the line of everything in it. */
export interface ReadSequence {
  path: string
  name: string
  sequence: Sequence
  rows: Row[]
  /** Line of a part by its path in the document. */
  lineOf(path: readonly (string | number)[]): number
}

let compiled: ValidateFunction | undefined

/** Made when the first sequence is read: most starts read none. */
function sequenceCheck(): ValidateFunction {
  return (compiled ??= new Ajv2020({ allErrors: true, strict: false, verbose: true }).compile(sequenceSchema))
}

const duration = /^(\d+(?:\.\d+)?)\s*(ms|s|m)$/

/** Reads a sequence; `tableText` gives the text of the file that its rows stand in. What is wrong is named with its line. */
export function readSequence(
  text: string,
  path: string,
  tableText: (path: string) => string | undefined,
): { read?: ReadSequence; problems: ImportProblem[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => lines.linePos(offset).line
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ message, pos }) => ({ what: message, line: lineAt(pos[0]) })) }
  }
  const lineOf = (at: readonly (string | number)[]): number => {
    for (let length = at.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(at.slice(0, length), true)
      if (isNode(node) && node.range) return lineAt(node.range[0])
    }
    return 1
  }
  const value: unknown = document.toJS()
  const problems: ImportProblem[] = []
  const isSequence = sequenceCheck()
  if (!isSequence(value)) {
    for (const error of deepestFirst(isSequence.errors ?? [])) {
      const at = stepsOf(value, error.instancePath)
      const params = error.params as { additionalProperty?: string; missingProperty?: string }
      const key = params.additionalProperty
      const line = key === undefined ? lineOf(at) : lineOf([...at, key])
      problems.push({ line, ...wordsOf(error, at) })
    }
    return { problems }
  }
  const sequence = value as Sequence
  checkTimes(sequence, lineOf, problems)
  const rows = rowsOf(sequence, tableText, lineOf(['rows']), problems)
  if (problems.length > 0) return { problems }
  const name = sequence.name ?? path.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
  return { read: { path, name, sequence, rows, lineOf }, problems }
}

type SchemaError = ErrorObject

/** Of alternatives that all failed, one sentence is enough: that of the part that lies deepest. */
function deepestFirst(errors: readonly SchemaError[]): SchemaError[] {
  const plain = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf')
  const chosen = plain.length > 0 ? plain : [...errors]
  const deepest = chosen.filter(
    (one) => !chosen.some((other) => other !== one && other.instancePath.startsWith(`${one.instancePath}/`)),
  )
  // Where several alternatives failed at one place, what says most about it.
  const order = ['additionalProperties', 'pattern', 'enum', 'required', 'type']
  const rank = ({ keyword }: SchemaError) => order.indexOf(keyword)
  deepest.sort((a, b) => rank(a) - rank(b))
  const seen = new Set<string>()
  return deepest.filter(({ instancePath }) => !seen.has(instancePath) && seen.add(instancePath)).slice(0, 20)
}

function wordsOf(error: SchemaError, at: readonly (string | number)[]): { what: string; todo?: string } {
  const where = at.length === 0 ? 'the sequence' : at.join('.')
  const { params, keyword, parentSchema } = error
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty'])
    const known = Object.keys((parentSchema as { properties?: object }).properties ?? {})
    const meant = closest(key, known)
    const todo = meant === undefined ? `there are: ${known.join(', ')}` : `did you mean "${meant}"?`
    return { what: `${where} has no "${key}"`, todo }
  }
  if (keyword === 'required') return { what: `${where} needs "${String(params['missingProperty'])}"` }
  if (keyword === 'enum') {
    return {
      what: `${where} is none of those that there are`,
      todo: `write one of: ${(params['allowedValues'] as string[]).join(', ')}`,
    }
  }
  if (keyword === 'pattern') return { what: `${where} does not have the form of a status`, todo: 'write 403, or 4xx' }
  return { what: `${where} ${error.message ?? 'is wrong'}` }
}

/** A pointer as the keys of the document: indices as numbers. */
function stepsOf(value: unknown, pointer: string): (string | number)[] {
  let current: unknown = value
  return tokensOf(pointer).map((token) => {
    const key = Array.isArray(current) ? Number(token) : token
    current = (current as Record<string, unknown> | undefined)?.[token]
    return key
  })
}

function checkTimes(sequence: Sequence, lineOf: ReadSequence['lineOf'], problems: ImportProblem[]): void {
  for (const [at, step] of sequence.steps.entries()) {
    const times = { wait: step.wait, timeout: step.timeout, time: step.expect?.time }
    for (const [name, written] of Object.entries(times)) {
      if (written === undefined || duration.test(written.replace(/^<\s*/, ''))) continue
      const path = name === 'time' ? ['steps', at, 'expect', 'time'] : ['steps', at, name]
      problems.push({ what: `${name} "${written}" is no time`, line: lineOf(path), todo: 'write it like 500ms or 2s' })
    }
    const odd = oddInRace(step)
    if (odd) problems.push({ what: odd.what, todo: odd.todo, line: lineOf(['steps', at, ...odd.path]) })
    for (const [name, written] of expressionsOf(step)) {
      try {
        RE2JS.compile(written)
      } catch (error) {
        problems.push({ what: `${name}: ${(error as Error).message}`, line: lineOf(['steps', at]) })
      }
    }
  }
}

/** Answers of a race are counted, and not looked into. */
function oddInRace({ race, expect = {}, capture, repeat }: SequenceStep) {
  const todo = 'a race expects status and answers'
  if (race === undefined) {
    return expect.answers && { what: 'answers are those of a race', todo: 'add race: 20', path: ['expect', 'answers'] }
  }
  if (capture)
    return { what: 'nothing is captured of a race', todo: 'capture it in a step of its own', path: ['capture'] }
  if (repeat) return { what: 'a race is not repeated', todo: 'write it as another step', path: ['repeat'] }
  const [other] = Object.keys(expect).filter((name) => name !== 'status' && name !== 'answers')
  return other === undefined
    ? undefined
    : { what: `"${other}" is not looked at in a race`, todo, path: ['expect', other] }
}

function* expressionsOf(step: SequenceStep): Generator<[string, string]> {
  for (const [name, from] of Object.entries(step.capture ?? {})) {
    if (typeof from === 'object' && from.regex !== undefined) yield [`capture.${name}`, from.regex]
  }
  const { headers = {}, json = {}, body } = step.expect ?? {}
  for (const [name, check] of [...Object.entries(headers), ...Object.entries(json), ['body', body] as const]) {
    const expression = (check as { matches?: unknown } | undefined | null)?.matches
    if (typeof expression === 'string') yield [`expect ${name}`, expression]
  }
}

function rowsOf(
  { rows }: Sequence,
  tableText: (path: string) => string | undefined,
  line: number,
  problems: ImportProblem[],
): Row[] {
  if (rows === undefined) return [{}]
  if (typeof rows !== 'string') {
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value ?? '')])),
    )
  }
  const text = tableText(rows)
  if (text === undefined) {
    problems.push({ what: `there is no table ${rows}`, line, todo: 'paths start at the workspace' })
    return []
  }
  const table = readTable(text, rows)
  for (const problem of table.problems) problems.push({ ...problem, what: `${rows}: ${problem.what}` })
  return table.rows
}

/** Milliseconds of `500ms`, `2s`, `1m`; a `<` in front is how a person writes a limit. */
export function millisecondsOf(written: string): number {
  const match = duration.exec(written.replace(/^<\s*/, ''))
  const unit = match?.[2]
  return Number(match?.[1] ?? 0) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000)
}
