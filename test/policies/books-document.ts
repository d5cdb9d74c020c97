import { expect } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { judgeWith, type Given } from './harness.ts'

const text = `
openapi: 3.1.0
info: { title: Books, version: '1' }
servers: [{ url: 'https://api.example/v1' }]
components:
  securitySchemes: { key: { type: apiKey, in: query, name: api_key } }
  parameters:
    Limit: { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 100 } }
  schemas:
    Base: { type: object, required: [id, title], properties: { id: { type: integer, readOnly: true }, title: { type: string, minLength: 1 } } }
    Book:
      allOf:
        - { $ref: '#/components/schemas/Base' }
        - type: object
          properties:
            price: { type: number, minimum: 0 }
            tags: { type: array, items: { type: string }, uniqueItems: true }
            meta: { type: object, additionalProperties: { type: string } }
            author: { $ref: '#/components/schemas/Author' }
            password: { type: string, minLength: 20 }
    Author: { type: object, properties: { name: { type: string }, mentor: { $ref: '#/components/schemas/Author' } } }
    Cat: { type: object, required: [kind], properties: { kind: { type: string }, lives: { type: integer } } }
    Dog: { type: object, required: [kind], properties: { kind: { type: string }, barks: { type: boolean } } }
paths:
  /books:
    get:
      parameters:
        - $ref: '#/components/parameters/Limit'
        - { name: tag, in: query, schema: { type: array, items: { type: string, enum: [new, old] } } }
        - { name: ids, in: query, style: form, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: price, in: query, style: deepObject, schema: { type: object, properties: { min: { type: integer }, max: { type: integer } } } }
        - { name: filter, in: query, content: { application/json: { schema: { type: object, properties: { a: { type: integer } } } } } }
        - { name: X-Trace, in: header, schema: { type: string, format: uuid } }
        - { name: theme, in: cookie, schema: { enum: [dark, light] } }
    post:
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Book' } } } }
  /books/{id}:
    get: { parameters: [{ name: id, in: path, required: true, schema: { type: integer, minimum: 1 } }], deprecated: true }
    put:
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      requestBody: { content: { 'application/json; v=2': { schema: { type: object } }, 'text/*': {}, application/xml: {} } }
  /books/latest: { get: {} }
  /colors/{color}: { get: { parameters: [{ name: color, in: path, required: true, style: matrix, schema: { type: array, items: { type: string } } }] } }
  /pets:
    post:
      requestBody:
        content:
          application/json:
            schema: { oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }], discriminator: { propertyName: kind, mapping: { cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog' } } }
  /forms:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded: { schema: { type: object, required: [age], properties: { age: { type: integer }, tags: { type: array, items: { type: string } } } } }
          multipart/form-data:
            schema: { type: object, required: [age], properties: { age: { type: integer }, photo: { type: string, format: binary }, more: { type: object, properties: { a: { type: integer } } } } }
            encoding: { photo: { contentType: 'image/png, image/jpeg' } }
`
export const reading = loadOpenApi(text, 'books.yaml', () => undefined)
export const openapi = reading.document as Record<string, unknown>

export const get = (url: string, headers: Record<string, string> = {}): Given => ({
  openapi,
  request: { url, headers },
})
export const send = (method: string, url: string, body: string | object, type = 'application/json'): Given => ({
  openapi,
  request: {
    method,
    url,
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  },
})

export async function judge(given: Given, config: object = {}) {
  const result = await judgeWith({ 'request-validation': config }, given)
  const errors = result.trace.filter((entry) => entry.verdict === 'error')
  expect(errors).toEqual([])
  return result
}

export function multipart(parts: readonly (readonly [name: string, value: string, type?: string])[]): string {
  const lines = parts.map(([name, value, type]) => {
    const file = type?.startsWith('image') || type === 'text/html' ? '; filename="a"' : ''
    return `--XX\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${type ? `Content-Type: ${type}\r\n` : ''}\r\n${value}\r\n`
  })
  return `${lines.join('')}--XX--\r\n`
}
