import { describe, expect, test } from 'vitest'
import { type OpenApiVersion, openApiSchema, openApiVersionOf } from '../../../renderer/monaco/openapi-schema.ts'

describe('which OpenAPI a text follows', () => {
  test.each([
    ['openapi: 3.1.0', '3.1'],
    ['# a comment\nopenapi: "3.0.3"\ninfo:', '3.0'],
    ["openapi: '3.2.0'", '3.2'],
    ['swagger: "2.0"', '2.0'],
    ['{"openapi":"3.0.0","info":{}}', '3.0'],
    ['{\n  "openapi": "3.1.1"\n}', '3.1'],
    ['openapi: 4.0.0', '3.1'],
    ['apis:\n  - openapi: openapi/books.yaml', undefined],
    ['gatehouse: 1', undefined],
    ['', undefined],
  ])('%j is %s', (text, version) => expect(openApiVersionOf(text)).toBe(version))
})

type Node = Record<string, unknown>
const versions: OpenApiVersion[] = ['2.0', '3.0', '3.1', '3.2']

/** Every node of a schema. */
function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Node
  for (const one of Object.values(value)) yield* nodesOf(one)
}

function at(schema: Node, pointer: string): Node {
  return pointer
    .split('/')
    .slice(1)
    .reduce((node, key) => (node as Record<string, Node>)[key]!, schema)
}

/** The names that can be completed in a part. */
function namesIn(schema: Node, part: string): string[] {
  const parts = (schema['$defs'] ?? schema['definitions']) as Record<string, Node>
  return Object.keys(parts[part]!['properties'] as object)
}

describe('the schema for the editor', () => {
  test.each(versions)('%s refers only to what is in it', async (version) => {
    const schema = await openApiSchema(version)
    const references = [...nodesOf(schema)].map((node) => node['$ref']).filter((one) => typeof one === 'string')
    expect(references.length).toBeGreaterThan(50)
    for (const pointer of references) expect([pointer, at(schema, pointer)]).toEqual([pointer, expect.anything()])
  })

  test.each(versions)('%s explains the fields of the document', async (version) => {
    const { properties } = (await openApiSchema(version)) as { properties: Record<string, Node> }
    for (const field of ['info', 'paths', 'security']) expect(properties[field]!['description']).toMatch(/\w{3}/)
  })

  test.each([
    ['2.0', 'pathItem', 'operation'],
    ['3.0', 'PathItem', 'Operation'],
    ['3.1', 'path-item', 'operation'],
    ['3.2', 'path-item', 'operation'],
  ] as const)('%s offers methods and statuses by name', async (version, path, operation) => {
    const schema = await openApiSchema(version)
    expect(namesIn(schema, path)).toEqual(expect.arrayContaining(['get', 'put', 'post', 'delete', 'patch']))
    expect(namesIn(schema, operation)).toContain('responses')
    expect(namesIn(schema, version === '3.0' ? 'Responses' : 'responses')).toEqual(
      expect.arrayContaining(['200', '404', 'default']),
    )
  })

  test.each(['3.0', '3.1', '3.2'] as const)('%s knows what a schema of data holds', async (version) => {
    const schema = await openApiSchema(version)
    const names = namesIn(schema, version === '3.0' ? 'Schema' : 'schema')
    expect(names).toEqual(expect.arrayContaining(['type', 'properties', 'required', 'maxLength', 'items', 'enum']))
  })
})
