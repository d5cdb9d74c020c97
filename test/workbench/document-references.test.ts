import { expect, it } from 'vitest'
import { referenceAt } from '../../gateway-core/workbench/document-references.ts'

const document = `paths:
  /books:
    get:
      parameters:
        - $ref: '#/components/parameters/Limit'
        - { $ref: "parts.yaml#/offset" }
      responses: { 200: { $ref: ../common/answers.json#/ok } }
      security: [{ $ref: https://example.com/x#/y }]
components:
  parameters:
    Limit: { name: limit }
`
const files: Record<string, string> = {
  'openapi/parts.yaml': 'limit: 1\noffset: { name: offset }\n',
  'common/answers.json': '{\n  "ok": { "description": "ok" }\n}\n',
}

/** Where the cursor behind a text leads. */
function at(text: string, into = 3, path = 'openapi/books.yaml') {
  const offset = document.indexOf(text) + into
  const before = document.slice(0, offset).split('\n')
  const cursor = { path, text: document, line: before.length, column: before.at(-1)!.length + 1 }
  return referenceAt(cursor, (file) => files[file])
}

it.each([
  ["$ref: '#/components", { path: 'openapi/books.yaml', line: 11, column: 5 }],
  ['$ref: "parts', { path: 'openapi/parts.yaml', line: 2, column: 1 }],
  ['$ref: ../common', { path: 'common/answers.json', line: 2, column: 3 }],
  ['$ref: https', null],
  ['responses: {', null],
])('%s leads to %j', (text, place) => expect(at(text)).toEqual(place))

it('leads nowhere from files that are not there, and from whatever else is typed', () => {
  expect(at('$ref: "parts', 3, 'elsewhere/books.yaml')).toBeNull()
  for (const text of ['', '$ref:', '$ref: ', '"$ref": "', '$ref: #', '{ "$ref": "#/a/b" }']) {
    const found = referenceAt({ path: 'a.json', text, line: 1, column: 4 }, () => undefined)
    expect(found === null || found.line === 1).toBe(true)
  }
})
