import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareProblems } from '../../gateway-core/config/diagnostics.ts'
import { loadWorkspace } from '../../gateway-core/config/load.ts'

const sound = `gatehouse: 1
listen: { http: 127.0.0.1:8080 }
upstreams:
  books: { targets: [{ url: http://127.0.0.1:9001, weight: 100 }], timeout: 10s }
consumers:
  - { name: mobile-app, groups: [readers], keys: ["\${env:KEY}"] }
policies:
  - any-of: [ip-restriction: { deny: [10.0.0.0/8] }, [ip-restriction: { name: other, deny: [10.0.0.0/8] }]]
apis:
  - name: books
    policies:
      - ip-restriction: { allow: [10.0.0.0/8], mode: shadow, when: "request.method == 'GET'", name: own }
    routes:
      - path: /books/{id}
        methods: [GET, PATCH]
        headers: { x-version: { matches: "v[12]" } }
        upstream: books
        stripPrefix: true
`

const sections = [
  'listen',
  'upstreams',
  'consumers',
  'policies',
  'apis',
  'limits',
  'capture',
  'trustedProxies',
  'onError',
  'name',
]

async function check(text: string) {
  const overlay = new Map([['gatehouse.yaml', text]])
  const result = await loadWorkspace('/no-such-folder', { overlay, env: { KEY: 'k-in-clear' }, readOnly: true })
  const lines = text.split('\n')
  for (const { file, line, column, message } of result.problems) {
    expect(file).toBe('gatehouse.yaml')
    expect(line).toBeGreaterThan(0)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThan(0)
    expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1)
    expect(message).not.toContain('k-in-clear')
  }
  expect([...result.problems].sort(compareProblems)).toEqual(result.problems)
  expect(result.workspace === undefined).toBe(result.problems.some((problem) => problem.severity === 'error'))
  return result
}

describe('whatever stands in the file', () => {
  it('is told as problems in their place, never thrown: edits of a sound file', async () => {
    expect((await check(sound)).problems).toEqual([])
    const pieces = fc.constantFrom(
      '',
      ' ',
      '\n',
      ':',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      '#',
      '&a ',
      '*a',
      '!!x ',
      '${',
      '${env:',
      'null',
      '0',
      '/',
      '~',
      '__proto__: 1',
      '\t',
      'any-of',
    )
    const edit = fc.record({ at: fc.nat(sound.length), remove: fc.nat(12), insert: pieces })
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let text = sound
        for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove)
        await check(text)
      }),
      { numRuns: 300 },
    )
  })

  it('is told as problems in their place, never thrown: any value under any key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...sections), fc.jsonValue({ maxDepth: 4 })), async (values) => {
        await check(JSON.stringify({ gatehouse: 1, ...values }))
      }),
      { numRuns: 300 },
    )
  })

  it('is told as problems when keys are names that every object has', async () => {
    for (const key of ['toString', 'valueOf', 'constructor', '__proto__', 'hasOwnProperty']) {
      const value = `{ ${key}: { ${key}: 1 } }`
      for (const section of sections) await check(`gatehouse: 1\n${section}: ${value}\n`)
      await check(
        `gatehouse: 1\npolicies: [${value}, ip-restriction: ${value}, ${key}, { ip-restriction: { mode: ${value} } }]`,
      )
      await check(`gatehouse: 1\napis: [{ name: ${value}, routes: [${value}, { path: ${value} }] }]\n${key}: 1`)
    }
  })

  it('is told when aliases refer to themselves or grow without bound', async () => {
    expect((await check('gatehouse: 1\nname: &a { b: *a }')).problems).toMatchObject([{ code: 'YAML_SYNTAX', line: 2 }])
    const levels = Array.from(
      { length: 12 },
      (_, at) =>
        `l${at}: &l${at} [${Array(10)
          .fill(at === 0 ? 'x' : `*l${at - 1}`)
          .join(', ')}]`,
    )
    expect((await check(levels.join('\n'))).problems).toMatchObject([{ code: 'YAML_SYNTAX' }])
  })

  it('is told when it is nested without end', async () => {
    expect((await check('['.repeat(20_000))).problems.length).toBeGreaterThan(0)
    expect((await check(`name: ${'['.repeat(5000)}${']'.repeat(5000)}`)).problems.length).toBeGreaterThan(0)
  })
})
