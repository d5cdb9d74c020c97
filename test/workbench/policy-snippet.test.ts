import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { policies } from '../../gateway-core/policies/index.ts'
import { insertionAt, snippetOf } from '../../gateway-core/workbench/policy-snippet.ts'

const bookshop = readFileSync(join(import.meta.dirname, '../../samples/bookshop/gatehouse.yaml'), 'utf8')
const types = policies.map(({ type }) => type)

function inserted(text: string, line: number, type = 'ip-restriction', path = 'gatehouse.yaml'): string {
  const { offset, length, text: added } = insertionAt(path, text, line, type)
  return text.slice(0, offset) + added + text.slice(offset + length)
}

/** What was added, with the line before it. */
function added(text: string, line: number, type?: string, path?: string): string[] {
  const before = new Set(text.split('\n'))
  const lines = inserted(text, line, type, path).split('\n')
  const first = lines.findIndex((one) => !before.has(one))
  return lines.slice(Math.max(0, first - 1)).filter((one, at) => at === 0 || !before.has(one))
}

describe('a snippet', () => {
  it.each(types)('of %s is a list item with what it does above it', (type) => {
    const text = snippetOf(type)
    expect(text).toMatch(/^(?:# .{1,88}\n)+- /)
    const list = parseDocument(text).toJS() as unknown[]
    expect(JSON.stringify(list)).toContain(type)
  })

  it('of a type that is not there says which was meant', () => {
    expect(() => snippetOf('rate-limitin')).toThrow(expect.objectContaining({ todo: 'did you mean "rate-limiting"?' }))
  })
})

describe('an insertion', () => {
  const lines = bookshop.split('\n').length

  // Every line with one type, every type with lines of every kind.
  it.each(types)('of %s at lines of the bookshop leaves every character there and stays YAML', (type) => {
    for (let line = 1; line <= lines; line += type === 'cors' ? 1 : 11) {
      const { offset, length, text } = insertionAt('gatehouse.yaml', bookshop, line, type)
      expect(length, `line ${line}`).toBe(0)
      const whole = bookshop.slice(0, offset) + text + bookshop.slice(offset)
      const document = parseDocument(whole)
      expect(
        document.errors.map(({ message }) => message),
        `line ${line}`,
      ).toEqual([])
      const [one, other] = [parseDocument(bookshop), document].map((each) => countOf(each.toJS(), type))
      expect(other, `line ${line}`).toBe(one! + 1)
    }
  })

  it('comes after the policy of the line, with its indentation', () => {
    const line = bookshop.split('\n').findIndex((one) => one.includes('- use: fair-use')) + 1
    const [before, comment, item] = added(bookshop, line)
    expect(before).toContain('- use: fair-use')
    expect(comment).toMatch(/^ {6}# Allows or denies/)
    expect(item).toBe('      - ip-restriction:')
  })

  it('comes after a policy of several lines when the cursor is inside it', () => {
    const line = bookshop.split('\n').findIndex((one) => one.includes('methods: [GET, POST, PATCH, DELETE]')) + 1
    expect(added(bookshop, line)[0]).toBe('      credentials: true')
  })

  it('comes into the braces of a route on one line', () => {
    const line = bookshop.split('\n').findIndex((one) => one.includes('path: /checkout')) + 1
    expect(inserted(bookshop, line, 'acl').split('\n')[line - 1]).toContain(
      '- { path: /checkout, methods: [POST], policies: [acl: { allow:',
    )
  })

  it.each([
    ['an empty file', '', 1],
    ['a workspace without policies', 'gatehouse: 1\napis:\n  - name: books\n    upstream: books\n', 4],
    ['an API with routes', 'apis:\n  - name: books\n    routes:\n      - path: /a\n', 2],
    ['a route', 'apis:\n  - name: books\n    routes:\n      - path: /a\n        methods: [GET]\n', 5],
    ['an empty list in brackets', 'policies: []\n', 1],
    ['policies: with nothing', 'gatehouse: 1\npolicies:\napis: []\n', 2],
    ['lines that end with CR LF', 'gatehouse: 1\r\npolicies:\r\n  - cors: {}\r\n', 3],
    ['no newline at the end', 'policies:\n  - cors: {}', 2],
  ])('works in %s', (_what, text, line) => {
    const whole = inserted(text, line, 'acl')
    const document = parseDocument(whole)
    expect(document.errors).toEqual([])
    expect(countOf(document.toJS(), 'acl')).toBe(1)
    const kept = whole.split(/\r?\n/)
    if (!text.includes('[]')) for (const one of text.split(/\r?\n/)) expect(kept).toContain(one)
    if (text.includes('\r\n')) expect(whole.replaceAll('\r\n', '')).not.toContain('\n')
  })

  it('puts the cursor where something is to be filled in', () => {
    const text = 'policies:\n  - cors: {}\n'
    const { cursor } = insertionAt('gatehouse.yaml', text, 2, 'ip-restriction')
    const line = inserted(text, 2).split('\n')[cursor.line - 1]!
    expect(line.slice(cursor.column - 1)).toBe('[10.0.0.0/8, 127.0.0.0/8, "::1"]')
  })

  it('goes into the named set of the line', () => {
    const text = 'first:\n  - cors\nsecond:\n  - acl: { allow: { groups: [a] } }\n'
    expect(added(text, 2, undefined, 'policies/sets.yaml')[0]).toBe('  - cors')
    expect(added(text, 4, undefined, 'policies/sets.yaml')[0]).toContain('- acl')
  })

  it('says where policies belong when the file has none of its own', () => {
    expect(() => insertionAt('environments/local.yaml', 'limits: {}\n', 1, 'acl')).toThrow('changes policies by name')
  })
})

function countOf(value: unknown, key: string): number {
  if (value === key) return 1
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countOf(one, key), 0)
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce(
    (sum, [name, one]) =>
      sum + (name === key ? 1 : ['policies', 'apis', 'routes', 'any-of'].includes(name) ? countOf(one, key) : 0),
    0,
  )
}
