import { readFileSync } from 'node:fs'
import { dereference, validate } from '@scalar/openapi-parser'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUpstream } from '../../samples/bookshop/upstream/server.ts'

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: object
  example?: string | number
  examples?: Record<string, { value: unknown }>
}
interface Media {
  schema?: object
  example?: unknown
  examples?: Record<string, { value: unknown }>
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media> }
}

const text = readFileSync(new URL('../../samples/bookshop/openapi/books.yaml', import.meta.url), 'utf8')
const document = dereference(text).schema as unknown as { paths: Record<string, Record<string, Operation>> }
const operations = Object.entries(document.paths).flatMap(([path, item]) => {
  const shared = (item['parameters'] ?? []) as unknown as Parameter[]
  return Object.entries(item)
    .filter(([method]) => method !== 'parameters')
    .map(([method, operation]) => ({
      name: operation.operationId,
      method: method.toUpperCase(),
      path,
      parameters: [...shared, ...(operation.parameters ?? [])],
      bodies: Object.values(operation.requestBody?.content ?? {}),
    }))
})

test('the document is valid OpenAPI 3.1', async () => {
  const { valid, errors, version } = await validate(text)
  expect({ valid, errors, version }).toEqual({ valid: true, errors: [], version: '3.1' })
})

test('every operation has its own name', () => {
  const names = operations.map((operation) => operation.name)
  expect(names).not.toContain(undefined)
  expect(new Set(names).size).toBe(names.length)
})

describe('examples keep to their own schema', () => {
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }))
  const examples = operations.flatMap(({ name, parameters, bodies }) =>
    [
      ...parameters.map((parameter) => [parameter.name, parameter] as const),
      ...bodies.map((b) => ['body', b] as const),
    ].flatMap(([where, holder]) => {
      const named = Object.values(holder.examples ?? {}).map((example) => example.value)
      const values = holder.example === undefined ? named : [...named, holder.example]
      return values.map((value) => ({ name, where, value, schema: holder.schema as object }))
    }),
  )
  test.each(examples)('$name, $where: $value', ({ schema, value }) => {
    const check = ajv.compile(schema)
    check(value)
    expect(check.errors ?? []).toEqual([])
  })
})

describe('the server knows every documented operation', () => {
  let shop: Awaited<ReturnType<typeof startUpstream>>
  beforeAll(async () => {
    shop = await startUpstream({ port: 0 })
  })
  afterAll(() => shop.close())

  test.each(operations.filter(({ path }) => path !== '/ws'))('$method $path', async ({ method, path, parameters }) => {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const parameter = parameters.find((candidate) => candidate.name === name && candidate.in === 'path')
      return String(parameter?.example ?? '0b4a1d9e-7c0f-4d6a-9a52-0d8b0a8a4f11')
    })
    const search = path === '/events' ? '?interval=10&count=1' : path === '/lab/slow' ? '?ms=1' : ''
    const token = `e30.${Buffer.from('{"sub":"ben"}').toString('base64url')}.x`
    const response = await fetch(`${shop.url}${filled}${search}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}` },
    })
    const body = await response.text().catch(() => 'broken off')
    expect(body).not.toContain('nothing at')
  })
})
