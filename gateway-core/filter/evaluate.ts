import type { ExchangeRecord } from '../capture/record.ts'
import type { FieldValue } from './fields.ts'
import { type FieldTest, type Filter, foldCase, type ValueTest } from './syntax.ts'

/** Whether a live record or a stored exchange matches. Regular expressions run in linear time. */
export function matches(filter: Filter, record: ExchangeRecord): boolean {
  switch (filter.kind) {
    case 'all':
      return filter.parts.every((part) => matches(part, record))
    case 'any':
      return filter.parts.some((part) => matches(part, record))
    case 'not':
      return !matches(filter.part, record)
    case 'test':
      return testRecord(filter, record)
  }
}

/** One test on a record, or on a part of one that holds what the field's source names. */
export function testRecord({ field, header, test }: FieldTest, record: ExchangeRecord): boolean {
  return testValue(test, field.read(record, header))
}

/** A list passes when one of its values does. */
export function testValue(test: ValueTest, value: FieldValue): boolean {
  if (value === undefined) return false
  if (typeof value === 'object') return value.some((each) => testText(test, each))
  if (typeof value === 'string') return testText(test, value)
  switch (test.op) {
    case 'within':
      return value >= test.from && value <= test.to
    case 'above':
      return value > test.value
    case 'below':
      return value < test.value
    case 'exists':
      return true
    default:
      return testText(test, String(value))
  }
}

function testText(test: ValueTest, text: string): boolean {
  switch (test.op) {
    case 'contains':
      return text.includes(test.text) || foldCase(text).includes(test.text)
    case 'is':
      return text.length === test.text.length && foldCase(text) === test.text
    case 'exactly':
      return text === test.text
    case 'glob':
      return matchesGlob(test.pieces, foldCase(text))
    case 'matches':
      return test.regex.matcher(text).find()
    case 'exists':
      return text !== ''
    case 'within':
    case 'above':
    case 'below':
      return false
  }
}

function matchesGlob(pieces: readonly string[], text: string): boolean {
  const first = pieces[0]!
  const last = pieces.at(-1)!
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - at >= last.length && text.endsWith(last)
}
