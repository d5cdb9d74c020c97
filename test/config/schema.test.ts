import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { editorSchema } from '../../gateway-core/config/schema.ts'
import { policies } from '../../gateway-core/policies/index.ts'

const ajv = new Ajv2020({ strict: false })
ajvFormats.default(ajv)
const schema = { ...editorSchema(), $id: 'workspace.schema.json' }
const accepts = ajv.compile(schema)
const part = (name: string) => ajv.compile({ $ref: `workspace.schema.json#/$defs/${name}` })

describe('the schema for editors', () => {
  it('accepts a workspace with the example of every policy', () => {
    const examples = policies.flatMap((policy) => parse(policy.docs.example) as object[])
    const workspace = {
      gatehouse: 1,
      upstreams: { books: 'http://127.0.0.1:9001' },
      policies: ['ip-restriction', { use: 'baseline' }, { 'any-of': [examples[0], [examples[0]]] }, { cors: null }],
      apis: [{ name: 'books', routes: [{ path: '/a', policies: [...examples, { without: ['cors'] }] }] }],
    }
    expect(accepts(workspace) || accepts.errors).toBe(true)
  })

  it.each([
    ['an unknown key', { gatehouse: 1, apsi: [] }],
    ['an unknown policy', { gatehouse: 1, policies: ['ip-restrictoin'] }],
    ['an unknown key of a policy', { gatehouse: 1, policies: [{ 'ip-restriction': { alow: [] } }] }],
    ['a missing version', {}],
  ])('refuses %s', (_what, workspace) => {
    expect(accepts(workspace)).toBe(false)
  })

  it('has parts for environments and policy sets', () => {
    expect(part('environment')({ upstreams: { books: 'http://b' }, policies: { cors: { maxAge: 1 } } })).toBe(true)
    expect(part('environment')({ routes: [] })).toBe(false)
    expect(part('policySets')({ baseline: ['ip-restriction'] })).toBe(true)
    expect(part('policySets')({ baseline: 'ip-restriction' })).toBe(false)
  })

  it('explains every key and every policy', () => {
    const unexplained: string[] = []
    walk(schema, '', unexplained)
    expect(unexplained).toEqual([])
  })
})

/** Gathers the properties without a description, but for those of policies, which have their own test. */
function walk(value: unknown, path: string, unexplained: string[]): void {
  if (typeof value !== 'object' || value === null || path.includes('/policy-')) return
  for (const [key, property] of Object.entries((value as { properties?: object }).properties ?? {})) {
    const { description, $ref } = property as { description?: string; $ref?: string }
    if (description === undefined && $ref === undefined) unexplained.push(`${path}/${key}`)
  }
  for (const [key, entry] of Object.entries(value)) if (key !== 'examples') walk(entry, `${path}/${key}`, unexplained)
}
