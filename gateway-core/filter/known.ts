import { testRecord } from './evaluate.ts'
import { filterFields, type FilterField } from './fields.ts'
import type { Filter } from './syntax.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { MessageSide } from '../exchange.ts'

/** How far an exchange has come: what a query asks for beyond that is not known yet. */
export type Stage = 'request-head' | 'request-body' | 'response-head' | 'response-body' | 'message'

const requestHead = new Set(
  'method host path query url client peer time id scheme version listener revision env upgrade req.headers req.header.'.split(
    ' ',
  ),
)
const requestBody = new Set(['req.body', 'req.size'])
const responseBody = new Set(['resp.body', 'size'])
const onlyAtTheEnd = new Set(['verdict', 'code', 'decided', 'error', 'duration', 'state'])

function isKnown({ name }: FilterField, stage: Stage): boolean {
  switch (stage) {
    case 'request-head':
      return requestHead.has(name)
    case 'request-body':
      return requestHead.has(name) || requestBody.has(name)
    case 'response-head':
      return !onlyAtTheEnd.has(name) && !responseBody.has(name)
    case 'response-body':
    case 'message':
      return !onlyAtTheEnd.has(name)
  }
}

/** Whether an exchange matches as far as it is known; undefined where that depends on what comes later. */
export function matchesSoFar(filter: Filter, record: ExchangeRecord, stage: Stage): boolean | undefined {
  switch (filter.kind) {
    case 'all': {
      let result: boolean | undefined = true
      for (const part of filter.parts) {
        const one = matchesSoFar(part, record, stage)
        if (one === false) return false
        if (one === undefined) result = undefined
      }
      return result
    }
    case 'any': {
      let result: boolean | undefined = false
      for (const part of filter.parts) {
        const one = matchesSoFar(part, record, stage)
        if (one === true) return true
        if (one === undefined) result = undefined
      }
      return result
    }
    case 'not': {
      const inner = matchesSoFar(filter.part, record, stage)
      return inner === undefined ? undefined : !inner
    }
    case 'test':
      return isKnown(filter.field, stage) ? testRecord(filter, record) : undefined
  }
}

/** Whether reading the body can change the answer. */
export function asksForBody(filter: Filter, side: MessageSide): boolean {
  const names = side === 'request' ? requestBody : responseBody
  return fieldsOf(filter).some((field) => names.has(field.name))
}

/** Names of the fields that a query asks for and that are never known on this side: they do not match. */
export function unknownOn(filter: Filter, side: MessageSide): string[] {
  const stage = side === 'request' ? 'request-body' : 'response-body'
  const asked = new Set(fieldsOf(filter).filter((field) => !isKnown(field, stage)))
  // A bare word is looked for wherever it may be: that some places come later is no surprise.
  return filterFields.filter((field) => asked.has(field) && !isPartOfWord(filter, field)).map(({ name }) => name)
}

function isPartOfWord(filter: Filter, field: FilterField): boolean {
  if (filter.kind === 'not') return isPartOfWord(filter.part, field)
  if (filter.kind === 'test') return false
  const tests = filter.parts.filter((part) => part.kind === 'test')
  const [first] = tests
  const word =
    filter.kind === 'any' && tests.length === filter.parts.length && tests.every(({ test }) => test === first?.test)
  if (word && tests.some((one) => one.field === field)) return true
  return filter.parts.some((part) => isPartOfWord(part, field))
}

function fieldsOf(filter: Filter): FilterField[] {
  if (filter.kind === 'test') return [filter.field]
  return filter.kind === 'not' ? fieldsOf(filter.part) : filter.parts.flatMap(fieldsOf)
}
