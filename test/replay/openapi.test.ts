import { describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { importRequests } from '../../gateway-core/replay/import/import.ts'

const headersOf = ({ headers }: ReplayRequest) => headers.map(({ name, value }) => `${name}: ${value}`)
const textOf = ({ body }: ReplayRequest) => (body?.kind === 'text' ? body.text : body)

describe('operations of an OpenAPI document', () => {
  const operation = (more: string, servers = 'servers: [{ url: https://h/v1/ }]') => {
    const text = `openapi: 3.1.0
info: { title: T, version: "1" }
${servers}
components:
  securitySchemes:
    bearer: { type: http, scheme: bearer }
    basic: { type: http, scheme: basic }
    key: { type: apiKey, in: header, name: X-Key }
  schemas: { Book: { type: object, properties: { a: { type: string }, n: { type: integer } } } }
paths:
  /a:
    post:
      ${more}
      responses: {}
`
    const { requests, problems } = importRequests(text, { name: 'a.yaml' })
    expect(problems).toEqual([])
    return requests[0]!.request
  }
  const query = (style: string, schema: string) =>
    operation(`parameters: [{ name: p, in: query, required: true, ${style} schema: ${schema} }]`).url

  it.each([
    ['', '{ type: array, example: [1, 2] }', 'p=1&p=2'],
    ['explode: false,', '{ type: array, example: [1, 2] }', 'p=1,2'],
    ['style: pipeDelimited, explode: false,', '{ type: array, example: [1, 2] }', 'p=1%7C2'],
    ['style: spaceDelimited, explode: false,', '{ type: array, example: [1, 2] }', 'p=1%202'],
    ['style: deepObject, explode: true,', '{ type: object, example: { a: "x y", b: 1 } }', 'p[a]=x%20y&p[b]=1'],
    ['', '{ type: object, example: { a: x, b: 1 } }', 'a=x&b=1'],
    ['explode: false,', '{ type: object, example: { a: x, b: 1 } }', 'p=a,x,b,1'],
    ['', '{ type: string, example: "a&b" }', 'p=a%26b'],
  ])('write a parameter in its style: %s %s', (style, schema, expected) => {
    expect(query(style, schema)).toBe(`https://h/v1/a?${expected}`)
  })

  it('fill the variables of their server', () => {
    const servers = 'servers: [{ url: "https://{r}.h:{p}", variables: { r: { default: eu }, p: { default: "8443" } } }]'
    expect(operation('summary: s', servers).url).toBe('https://eu.h:8443/a')
    expect(operation('summary: s', 'servers: [{ url: "https://{r}.h" }]').url).toBe('/a')
  })

  it.each([
    ['security: [{ bearer: [] }]', { name: 'Authorization', value: 'Bearer {{token}}', off: true }],
    ['security: [{ basic: [] }]', { name: 'Authorization', value: 'Basic {{user}}:{{password}}', off: true }],
    ['security: [{ key: [] }]', { name: 'X-Key', value: '{{key}}', off: true }],
  ])('have the field that signs in, not sent yet: %s', (security, expected) => {
    expect(operation(security).headers[0]).toEqual(expected)
  })

  it('have a form of several parts, and XML, as their bodies', () => {
    const body = (type: string) =>
      operation(`requestBody: { content: { ${type}: { schema: { $ref: "#/components/schemas/Book" } } } }`)
    const form = body('multipart/form-data')
    const boundary = /boundary=(.*)$/.exec(headersOf(form).at(-1)!)![1]!
    expect(textOf(form)).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--${boundary}\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n--${boundary}--\r\n`,
    )
    expect(textOf(body('application/xml'))).toBe('<Book>\n  <a>text</a>\n  <n>1</n>\n</Book>')
  })
})
