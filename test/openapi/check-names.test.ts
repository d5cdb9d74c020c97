import { describe, expect, it } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'

/** What is said of a document about its names, by line. */
function said(rest: string, version = 'openapi: 3.1.0'): string[] {
  const text = `${version}\ninfo: { title: t, version: "1" }\n${rest}`
  const { problems, document } = loadOpenApi(text, 'a.yaml', () => undefined)
  expect(document).toBeDefined()
  return problems
    .filter(({ message }) => /passed over|is no value/.test(message))
    .map(({ line, message, suggestion, severity }) => `${severity} ${line} ${message.split(' ')[0]} ${suggestion}`)
}

const operation = (inside: string) => `paths:\n  /a:\n    get:\n      responses: {}\n${inside}`
const schema = (inside: string) => `paths: {}\ncomponents:\n  schemas:\n    A:\n${inside}`

describe('a slip', () => {
  it.each([
    ['of a field', operation('      paramters: []\n'), 'warning 7 "paramters" did you mean "parameters"?'],
    ['of a method', 'paths:\n  /a:\n    psot: { responses: {} }\n', 'warning 5 "psot" did you mean "post"?'],
    ['of a bound', schema('      minLenght: 3\n'), 'warning 7 "minLenght" did you mean "minLength"?'],
    [
      'deep in a schema',
      schema('      properties:\n        minLenght:\n          items: { maximun: 3 }\n'),
      'warning 9 "maximun" did you mean "maximum"?',
    ],
    ['of a type', schema('      type: [strin, "null"]\n'), 'warning 7 "strin" did you mean "string"?'],
    [
      'of a place',
      operation('      parameters: [{ name: a, in: qurey }]\n'),
      'warning 7 "qurey" did you mean "query"?',
    ],
    ['of a top field', 'paths: {}\ncomponets: {}\n', 'warning 4 "componets" did you mean "components"?'],
  ])('%s is told with its line and what was meant', (_, text, problem) => expect(said(text)).toEqual([problem]))

  it('is told in Swagger 2.0 alike', () => {
    const text = operation('      parameters: [{ name: a, in: formData, type: string, maxLenght: 3 }]\n')
    expect(said(text, 'swagger: "2.0"')).toEqual(['warning 7 "maxLenght" did you mean "maxLength"?'])
  })
})

it.each([
  ['extensions', operation('      x-paramters: []\n')],
  ['names of their own', schema('      properties: { typ: {}, minLenght: {}, requird: {} }\n')],
  ['examples', schema('      example: { minLenght: 3 }\n      enum: [{ maximun: 1 }]\n      default: { typ: a }\n')],
  ['vocabularies of their own', schema('      sensitivity: high\n      units: ms\n      format2: a\n')],
  ['responses and headers by name', 'paths: {}\ncomponents:\n  responses: { describtion: { description: d } }\n'],
  ['what is of another kind', schema('      properties: [minLenght]\n      allOf: { minLenght: 3 }\n')],
])('%s are let be', (_, text) => expect(said(text)).toEqual([]))

it('ends in documents that go round', () => {
  let nested = 'minLenght: 1'
  for (let at = 0; at < 400; at++) nested = `items: { ${nested} }`
  expect(said(schema(`      ${nested}\n`)).length).toBeLessThan(2)
})
