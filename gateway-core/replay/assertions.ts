import { isDeepStrictEqual } from 'node:util'
import { RE2JS } from 're2js'
import type { StepReport } from '../protocol/replay-reports.ts'
import { millisecondsOf, type SequenceStep } from './sequence.ts'
import type { Reading } from './reading.ts'

type Assertion = StepReport['assertions'][number]
type Expectation = NonNullable<SequenceStep['expect']>

export interface Observed {
  reading: Reading
  /** The same response without its secrets: what is told of it comes from here. */
  shown: Reading
  decided: StepReport['decided']
  micros: number
}

/** Checks what a step expects. `lineOf` gives the line of a key of the expectation, `fill` puts variables into texts. */
export function checkStep(
  expect: Expectation,
  { reading, shown: told, decided, micros }: Observed,
  lineOf: (path: readonly string[]) => number,
  fill: (text: string) => string,
): Assertion[] {
  const found: Assertion[] = []
  const add = (path: readonly string[], says: string, passed: boolean, seen: unknown) =>
    found.push({ line: lineOf(path), says, passed, ...(!passed && { found: shown(seen) }) })
  const { status, headers = {}, json = {}, body, verdict, decidedBy, code, time } = expect
  if (status !== undefined) {
    const wanted = (Array.isArray(status) ? status : [status]).map((one) => fill(String(one)))
    const fits = wanted.some((one) => isStatus(one, reading.status))
    add(['status'], `status is ${wanted.join(' or ')}`, fits, reading.status)
  }
  for (const [name, check] of Object.entries(headers)) {
    const value = reading.header(name)
    add(['headers', name], `header ${name} ${wordsOf(check, fill)}`, passes(check, value, fill), told.header(name))
  }
  for (const [pointer, check] of Object.entries(json)) {
    const { json: document } = reading
    const value = 'problem' in document ? document.problem : reading.at(pointer)
    const passed = 'value' in document && passes(check, value, fill)
    const seen = 'problem' in document ? document.problem : told.at(pointer)
    add(['json', pointer], `${pointer === '' ? 'the body' : pointer} ${wordsOf(check, fill)}`, passed, seen)
  }
  if (body !== undefined) add(['body'], `the body ${wordsOf(body, fill)}`, passes(body, reading.text, fill), told.text)
  if (verdict !== undefined) add(['verdict'], `verdict is ${verdict}`, decided?.verdict === verdict, decided?.verdict)
  if (decidedBy !== undefined) {
    const policy = decided?.policy
    // An instance is named by its whole id, or by its own name alone.
    const wanted = fill(decidedBy)
    const fits = policy === wanted || policy?.endsWith(`/${wanted}`) === true
    add(['decidedBy'], `decided by ${wanted}`, fits, policy)
  }
  if (code !== undefined) add(['code'], `code is ${code}`, decided?.code === code, decided?.code)
  if (time !== undefined) {
    const most = millisecondsOf(time)
    add(
      ['time'],
      `whole response within ${time.replace(/^<\s*/, '')}`,
      micros <= most * 1000,
      `${Math.round(micros / 1000)} ms`,
    )
  }
  return found
}

type Fill = (text: string) => string

/** Whether a value is what a check asks for. */
export function passes(check: unknown, value: unknown, fill: Fill): boolean {
  if (typeof check !== 'object' || check === null || Array.isArray(check)) return same(value, filled(check, fill))
  const tests = check as Readonly<Record<string, unknown>>
  const text = typeof value === 'string' ? value : value === undefined ? undefined : JSON.stringify(value)
  return Object.entries(tests).every(([kind, wanted]) => {
    switch (kind) {
      case 'equals':
        return same(value, filled(wanted, fill))
      case 'not':
        return !same(value, filled(wanted, fill))
      case 'matches':
        return text !== undefined && RE2JS.compile(String(wanted)).matcher(text).find()
      case 'contains':
        return Array.isArray(value)
          ? value.some((one) => same(one, filled(wanted, fill)))
          : text?.includes(fill(String(wanted))) === true
      case 'exists':
        return (value !== undefined) === wanted
      case 'above':
        return Number(value) > Number(wanted)
      case 'below':
        return Number(value) < Number(wanted)
      case 'length':
        return (typeof value === 'string' || Array.isArray(value) ? value.length : undefined) === wanted
      default:
        return false
    }
  })
}

/** `"7"` and 7 are one value where a variable or a header gave it. */
function same(value: unknown, wanted: unknown): boolean {
  if (isDeepStrictEqual(value, wanted)) return true
  const scalars = [value, wanted].every((one) => ['string', 'number', 'boolean'].includes(typeof one))
  return scalars && String(value) === String(wanted)
}

function filled(value: unknown, fill: Fill): unknown {
  return typeof value === 'string' ? fill(value) : value
}

/** What a check asks for, in words. */
export function wordsOf(check: unknown, fill: Fill): string {
  if (typeof check !== 'object' || check === null || Array.isArray(check)) return `is ${shown(filled(check, fill))}`
  const words: Readonly<Record<string, string>> = {
    equals: 'is',
    not: 'is not',
    above: 'is above',
    below: 'is below',
    length: 'has the length',
  }
  return Object.entries(check)
    .map(([kind, wanted]) => {
      if (kind === 'exists') return wanted === true ? 'is there' : 'is not there'
      return `${words[kind] ?? kind} ${shown(filled(wanted, fill))}`
    })
    .join(' and ')
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** `409`, or the class `2xx`. */
export function isStatus(wanted: string, status: number): boolean {
  return wanted.endsWith('xx') ? wanted[0] === String(status)[0] : wanted === String(status)
}
