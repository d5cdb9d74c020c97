import { describe, expect, test } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { judgeWith, type Given } from './harness.ts'

/** Judges one parameter whose schema takes exactly one value, so that passing means that this value was read. */
async function readsAs(parameter: object, sent: string, version = '3.1.0'): Promise<string> {
  const at = (parameter as { in: string }).in
  const template = at === 'path' ? '/p/{color}' : '/p'
  const document = loadOpenApi(
    JSON.stringify({
      openapi: version,
      info: { title: 't', version: '1' },
      paths: {
        [template]: { get: { parameters: [{ name: 'color', required: at === 'path', ...parameter }], responses: {} } },
      },
    }),
    'd.json',
    () => undefined,
  ).document as Record<string, unknown>
  const request: Given['request'] =
    at === 'path'
      ? { url: `/p/${sent}` }
      : at === 'query'
        ? { url: `/p${sent === '' ? '' : `?${sent}`}` }
        : { url: '/p', headers: at === 'header' ? { color: sent } : { cookie: sent } }
  const { verdict, code, trace } = await judgeWith({ 'request-validation': {} }, { openapi: document, request })
  expect(trace.filter((entry) => entry.verdict === 'error')).toEqual([])
  return code ?? verdict
}

const exactly = (value: unknown): object =>
  Array.isArray(value)
    ? { type: 'array', items: { type: typeof value[0] === 'number' ? 'integer' : 'string' }, const: value }
    : typeof value === 'object'
      ? {
          type: 'object',
          properties: { R: { type: 'integer' }, G: { type: 'integer' }, B: { type: 'integer' } },
          const: value,
        }
      : { type: typeof value === 'number' ? 'integer' : 'string', const: value }

const list = ['blue', 'black', 'brown']
const map = { R: 100, G: 200, B: 150 }

// The table of OpenAPI 3.1.1 §4.8.12.6, a column at a time.
describe('every style reads what its table says', () => {
  test.each<[place: string, style: string, explode: boolean, sent: string, value: unknown]>([
    ['path', 'simple', false, 'blue', 'blue'],
    ['path', 'simple', false, 'blue,black,brown', list],
    ['path', 'simple', true, 'blue,black,brown', list],
    ['path', 'simple', false, 'R,100,G,200,B,150', map],
    ['path', 'simple', true, 'R=100,G=200,B=150', map],
    ['path', 'label', false, '.blue', 'blue'],
    ['path', 'label', false, '.blue,black,brown', list],
    ['path', 'label', true, '.blue.black.brown', list],
    ['path', 'label', false, '.R,100,G,200,B,150', map],
    ['path', 'label', true, '.R=100.G=200.B=150', map],
    ['path', 'matrix', false, ';color=blue', 'blue'],
    ['path', 'matrix', false, ';color', ''],
    ['path', 'matrix', false, ';color=blue,black,brown', list],
    ['path', 'matrix', true, ';color=blue;color=black;color=brown', list],
    ['path', 'matrix', false, ';color=R,100,G,200,B,150', map],
    ['path', 'matrix', true, ';R=100;G=200;B=150', map],
    ['path', 'simple', false, 'a%2Cb', 'a,b'],
    ['path', 'simple', false, 'a%2Cb,c', ['a,b', 'c']],
    ['query', 'form', true, 'color=blue', 'blue'],
    ['query', 'form', true, 'color=', ''],
    ['query', 'form', true, 'color', ''],
    ['query', 'form', false, 'color=blue,black,brown', list],
    ['query', 'form', true, 'color=blue&color=black&color=brown', list],
    ['query', 'form', false, 'color=R,100,G,200,B,150', map],
    ['query', 'form', true, 'R=100&G=200&B=150', map],
    ['query', 'form', true, 'color=3&color=4&color=5', [3, 4, 5]],
    ['query', 'form', true, 'color=a+b%2Bc', 'a b+c'],
    ['query', 'spaceDelimited', false, 'color=blue%20black%20brown', list],
    ['query', 'spaceDelimited', false, 'color=blue+black+brown', list],
    ['query', 'spaceDelimited', false, 'color=R%20100%20G%20200%20B%20150', map],
    ['query', 'pipeDelimited', false, 'color=blue%7Cblack%7Cbrown', list],
    ['query', 'pipeDelimited', false, 'color=blue|black|brown', list],
    ['query', 'pipeDelimited', false, 'color=R|100|G|200|B|150', map],
    ['query', 'deepObject', true, 'color[R]=100&color[G]=200&color[B]=150', map],
    ['query', 'deepObject', true, 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150', map],
    ['header', 'simple', false, 'blue,black,brown', list],
    ['header', 'simple', false, 'blue, black, brown', list],
    ['header', 'simple', false, 'R,100,G,200,B,150', map],
    ['header', 'simple', true, 'R=100,G=200,B=150', map],
    ['cookie', 'form', false, 'color=blue', 'blue'],
    ['cookie', 'form', false, 'color=blue,black,brown', list],
    ['cookie', 'form', false, 'color=R,100,G,200,B,150', map],
  ])('in %s, %s, explode %s: %s', async (place, style, explode, sent, value) => {
    expect(await readsAs({ in: place, style, explode, schema: exactly(value) }, sent)).toBe('pass')
  })

  test.each<[place: string, style: string, explode: boolean, sent: string, value: unknown]>([
    ['path', 'label', false, 'blue', 'blue'],
    ['path', 'matrix', false, 'blue', 'blue'],
    ['path', 'matrix', false, ';colorx=blue', 'x=blue'],
    ['path', 'matrix', false, ';colour=blue', 'blue'],
    ['path', 'matrix', true, ';other=blue;color=black;color=brown', list],
    ['path', 'simple', false, 'R,100,G', map],
    ['query', 'form', true, 'color=blue&color=blue', 'blue'],
    ['query', 'form', false, 'color=blue,black&color=brown', list],
    ['query', 'deepObject', true, 'color[R]=100&color[R]=100&color[G]=200&color[B]=150', map],
    ['query', 'deepObject', true, 'color=R,100', map],
    ['query', 'form', true, 'R=100&R=100&G=200&B=150', map],
    ['cookie', 'form', false, 'color=blue; color=blue', 'blue'],
  ])('refused in %s, %s, explode %s: %s', async (place, style, explode, sent, value) => {
    expect(await readsAs({ in: place, style, explode, schema: exactly(value) }, sent)).not.toBe('pass')
  })

  test.each<[name: string, parameter: object, sent: string, result: string]>([
    [
      'an empty value where it is allowed',
      { in: 'query', allowEmptyValue: true, schema: { type: 'integer' } },
      'color=',
      'pass',
    ],
    ['an empty value where it is not', { in: 'query', schema: { type: 'integer' } }, 'color=', 'PARAMETER_INVALID'],
    [
      'reserved characters',
      { in: 'query', allowReserved: true, schema: { const: '/a?b:@!$' } },
      'color=/a?b:@!$',
      'pass',
    ],
    ['a missing one', { in: 'query', required: true, schema: { type: 'string' } }, '', 'PARAMETER_MISSING'],
    [
      'an empty list',
      { in: 'query', explode: false, schema: { type: 'array', items: { type: 'string' }, maxItems: 0 } },
      'color=',
      'pass',
    ],
    [
      'more items than allowed',
      { in: 'query', schema: { type: 'array', items: { type: 'string' }, maxItems: 1 } },
      'color=a&color=b',
      'PARAMETER_INVALID',
    ],
    [
      'the same item twice',
      { in: 'query', schema: { type: 'array', items: { type: 'string' }, uniqueItems: true } },
      'color=a&color=a',
      'PARAMETER_INVALID',
    ],
    ['null of 3.0', { in: 'query', schema: { type: 'integer', nullable: true } }, 'color=null', '3.0 pass'],
    ['a type list of 3.1', { in: 'query', schema: { type: ['integer', 'null'] } }, 'color=null', 'pass'],
    [
      'an exclusive bound of 3.0',
      { in: 'query', schema: { type: 'integer', minimum: 5, exclusiveMinimum: true } },
      'color=5',
      '3.0 PARAMETER_INVALID',
    ],
    [
      'an exclusive bound of 3.1',
      { in: 'query', schema: { type: 'integer', exclusiveMinimum: 5 } },
      'color=5',
      'PARAMETER_INVALID',
    ],
    ['a boolean in capitals', { in: 'query', schema: { type: 'boolean' } }, 'color=TRUE', 'PARAMETER_INVALID'],
    ['an integer with a plus', { in: 'query', schema: { type: 'integer' } }, 'color=%2B5', 'PARAMETER_INVALID'],
    ['an integer with zeros before it', { in: 'query', schema: { type: 'integer' } }, 'color=007', 'PARAMETER_INVALID'],
    ['an integer with white space', { in: 'query', schema: { type: 'integer' } }, 'color=%205', 'PARAMETER_INVALID'],
    [
      'a number that is too large for the format',
      { in: 'query', schema: { type: 'integer', format: 'int32' } },
      'color=2147483648',
      'PARAMETER_INVALID',
    ],
    ['a number that is not finite', { in: 'query', schema: { type: 'number' } }, 'color=1e999', 'PARAMETER_INVALID'],
    [
      'a date that is none',
      { in: 'query', schema: { type: 'string', format: 'date' } },
      'color=2023-02-29',
      'PARAMETER_INVALID',
    ],
    [
      'JSON by content',
      { in: 'query', content: { 'application/json': { schema: { type: 'object', required: ['a'] } } } },
      `color=${encodeURIComponent('{"a":1}')}`,
      'pass',
    ],
    [
      'JSON by content that lacks a member',
      { in: 'query', content: { 'application/json': { schema: { type: 'object', required: ['a'] } } } },
      'color=%7B%7D',
      'PARAMETER_INVALID',
    ],
    [
      'a header that the document ignores',
      { in: 'header', name: 'Accept', required: true, schema: { type: 'integer' } },
      '5',
      'pass',
    ],
  ])('%s', async (_name, parameter, sent, result) => {
    const [version, wanted] = result.startsWith('3.0 ') ? ['3.0.3', result.slice(4)] : ['3.1.0', result]
    expect(await readsAs(parameter, sent, version)).toBe(wanted)
  })
})

describe('bodies', () => {
  async function judge(
    schema: object,
    body: string | undefined,
    type = 'application/json',
    version = '3.1.0',
    more: object = {},
  ) {
    const document = loadOpenApi(
      JSON.stringify({
        openapi: version,
        info: { title: 't', version: '1' },
        paths: {
          '/p': {
            post: {
              requestBody: { required: true, content: { 'application/json': { schema } }, ...more },
              responses: {},
            },
          },
        },
        components: {
          schemas: {
            Cat: {
              type: 'object',
              required: ['kind'],
              properties: { kind: { type: 'string' }, lives: { type: 'integer' } },
            },
            Dog: {
              type: 'object',
              required: ['kind'],
              properties: { kind: { type: 'string' }, tricks: { type: 'array' } },
            },
          },
        },
      }),
      'd.json',
      () => undefined,
    ).document as Record<string, unknown>
    const { verdict, code, trace } = await judgeWith(
      { 'request-validation': {} },
      {
        openapi: document,
        request: {
          method: 'POST',
          url: '/p',
          ...(type === '' ? {} : { headers: { 'content-type': type } }),
          ...(body === undefined ? {} : { body }),
        },
      },
    )
    expect(trace.filter((entry) => entry.verdict === 'error')).toEqual([])
    return code ?? verdict
  }
  const cat = '#/components/schemas/Cat'
  const dog = '#/components/schemas/Dog'
  const pets = { oneOf: [{ $ref: cat }, { $ref: dog }], discriminator: { propertyName: 'kind', mapping: { cat, dog } } }
  const text = { type: 'object', properties: { a: { type: 'string' } } }

  test.each<[name: string, schema: object, body: string | undefined, result: string, type?: string, version?: string]>([
    [
      'null where 3.0 allows it',
      { type: 'object', properties: { a: { type: 'string', nullable: true } } },
      '{"a":null}',
      'pass',
      'application/json',
      '3.0.3',
    ],
    ['null where 3.0 does not', text, '{"a":null}', 'BODY_INVALID', 'application/json', '3.0.3'],
    [
      'null in a list of values of 3.0',
      { type: 'object', properties: { a: { type: 'string', nullable: true, enum: ['x', null] } } },
      '{"a":null}',
      'pass',
      'application/json',
      '3.0.3',
    ],
    ['a discriminator', pets, '{"kind":"cat","lives":9}', 'pass'],
    ['a discriminator that names nothing', pets, '{"kind":"cow"}', 'BODY_INVALID'],
    ['a discriminator that names another', pets, '{"kind":"dog","lives":9}', 'BODY_UNKNOWN_PROPERTY'],
    ['no discriminator', pets, '{"lives":9}', 'BODY_INVALID'],
    [
      'what is only read',
      { type: 'object', properties: { a: { type: 'string', readOnly: true } } },
      '{"a":"x"}',
      'BODY_READ_ONLY_PROPERTY',
    ],
    [
      'what is required and only read',
      { type: 'object', required: ['a'], properties: { a: { type: 'string', readOnly: true } } },
      '{}',
      'pass',
    ],
    [
      'what is only written',
      { type: 'object', properties: { a: { type: 'string', writeOnly: true } } },
      '{"a":"x"}',
      'pass',
    ],
    [
      'unevaluated properties',
      { allOf: [text, { type: 'object', properties: { b: { type: 'string' } } }], unevaluatedProperties: false },
      '{"a":"1","b":"2"}',
      'pass',
    ],
    [
      'unevaluated properties beyond',
      { allOf: [text], unevaluatedProperties: false },
      '{"a":"1","c":"2"}',
      'BODY_UNKNOWN_PROPERTY',
    ],
    [
      'a schema for further properties',
      { type: 'object', additionalProperties: { type: 'integer' } },
      '{"z":1}',
      'pass',
    ],
    [
      'further properties that do not fit',
      { type: 'object', additionalProperties: { type: 'integer' } },
      '{"z":"1"}',
      'BODY_INVALID',
    ],
    [
      'names that patterns know',
      { type: 'object', patternProperties: { '^x-': { type: 'string' } }, additionalProperties: false },
      '{"x-a":"1"}',
      'pass',
    ],
    [
      'a tuple',
      { type: 'object', properties: { t: { type: 'array', prefixItems: [{ type: 'integer' }], items: false } } },
      '{"t":[1,2]}',
      'BODY_INVALID',
    ],
    [
      'a format',
      { type: 'object', properties: { a: { type: 'string', format: 'uuid' } } },
      '{"a":"x"}',
      'BODY_INVALID',
    ],
    [
      'an address',
      { type: 'object', properties: { a: { type: 'string', format: 'email' } } },
      '{"a":"not an address"}',
      'BODY_INVALID',
    ],
    ['one name twice', text, '{"a":"1","a":"2"}', 'BODY_MALFORMED'],
    ['an empty body', text, '', 'BODY_MISSING'],
    ['no body', text, undefined, 'BODY_MISSING'],
    ['white space', text, '  ', 'BODY_MALFORMED'],
    ['no content type', text, '{"a":"1"}', 'CONTENT_TYPE_NOT_ALLOWED', ''],
    ['a charset', text, '{"a":"1"}', 'pass', 'application/json; charset=UTF-8'],
    ['a quoted charset', text, '{"a":"1"}', 'pass', 'application/json; charset="utf-8"'],
    ['another charset', text, '{"a":"1"}', 'CONTENT_TYPE_NOT_ALLOWED', 'application/json; charset=utf-16'],
    ['two charsets', text, '{"a":"1"}', 'CONTENT_TYPE_NOT_ALLOWED', 'application/json; charset=utf-8; charset=utf-7'],
    ['a type in capitals', text, '{"a":"1"}', 'pass', 'Application/JSON'],
    ['a type that begins alike', text, '{"a":"1"}', 'CONTENT_TYPE_NOT_ALLOWED', 'application/jsonx'],
    ['more after the value', text, '{"a":"1"} x', 'BODY_MALFORMED'],
  ])('%s', async (_name, schema, body, result, type, version) => {
    expect(await judge(schema, body, type, version)).toBe(result)
  })

  test('an optional body may be left out', async () => {
    expect(await judge(text, undefined, '', '3.1.0', { required: false })).toBe('pass')
  })
})
