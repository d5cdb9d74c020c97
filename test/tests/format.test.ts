import fc from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../gateway-core/config/diagnostics.ts'
import { readTestFile } from '../../gateway-core/tests/read-test-file.ts'
import { literal, replaceReferences } from '../../gateway-core/tests/references.ts'
import { testsEditorSchema } from '../../gateway-core/tests/schema.ts'
import { appendTest, CannotAppend, testItem } from '../../gateway-core/tests/test-yaml.ts'
import { run } from './running.ts'

const problems = (text: string) => readTestFile('tests/a.yaml', text).problems.map((problem) => formatProblem(problem))

describe('a file of tests that cannot be read', () => {
  it.each([
    ['', '1:1 error WRONG_TYPE the file is empty — begin it with: tests:'],
    ['- a', '1:1 error WRONG_TYPE a file of tests is a mapping (key: value) — begin it with: tests:'],
    ['test: []', '1:1 error UNKNOWN_KEY unknown key "test" — did you mean "tests"?'],
    [
      'tests:\n  - name: a\n    requst: GET /\n',
      '3:5 error UNKNOWN_KEY unknown key "requst" — did you mean "request"?',
    ],
    [
      'tests:\n  - name: a\n    request: GET /\n    expect: { verdct: deny }',
      '4:15 error UNKNOWN_KEY unknown key "verdct" — did you mean "verdict"?',
    ],
    [
      'tests:\n  - name: a\n    request: GET /\n    expect: { code: ROLE_NOT_ALOWED }',
      '4:21 error BAD_VALUE "code" cannot be "ROLE_NOT_ALOWED" — did you mean "ROLE_NOT_ALLOWED"?',
    ],
    [
      'tests:\n  - name: a\n    request: GET /\n    expect: { verdict: denied }',
      '4:24 error BAD_VALUE "verdict" cannot be "denied" — it can be: pass, deny, respond, refused, error',
    ],
    [
      'tests:\n  - name: a\n    request: GET /\n    expect: {}',
      '4:13 error BAD_VALUE "expect" must not be empty — write it like: expect: { verdict: deny, code: ROLE_NOT_ALLOWED }',
    ],
    [
      'tests:\n  - name: a\n    request: GET /',
      '2:11 error MISSING_KEY this test expects nothing, so it could not fail — add it: expect: { verdict: deny }',
    ],
    [
      'tests:\n  - name: a\n    expect: { verdict: deny }',
      '2:11 error MISSING_KEY this test has no request — add it: request: GET /books/1',
    ],
    [
      'tests:\n  - name: a\n    request: { url: /, body: x, json: 1 }\n    expect: { verdict: deny }',
      '3:33 error BAD_VALUE body and json cannot stand together — keep one of them',
    ],
    [
      'tests:\n  - name: a\n    request: { url: /, token: bn }\n    given: { tokens: { ben: {} } }\n    expect: { verdict: deny }',
      '3:31 error UNKNOWN_REFERENCE no token "bn" is given — there are: ben',
    ],
    [
      'tests:\n  - name: a\n    request: { url: "/${tokn:x}" }\n    expect: { verdict: deny }',
      '3:21 error UNKNOWN_REFERENCE there is no kind of reference "tokn" in tests — there are: ${token:…}, ${secret:…}, ${consumer:…}; $${ stands for ${',
    ],
    [
      'given: { time: yesterday }\ntests: []',
      '1:16 error BAD_VALUE "time" has to be a time such as 2026-03-01T12:00:00Z, but is "yesterday" — write it like: time: 2026-03-01T12:00:00Z',
    ],
    [
      'given: { time: 2026-02-31T99:00:00Z }\ntests: []',
      '1:16 error BAD_VALUE there is no such time: 2026-02-31T99:00:00Z — write it like 2026-03-01T12:00:00Z',
    ],
    [
      'given: { tokens: { a: { exp: soon } } }\ntests: []',
      '1:30 error BAD_DURATION "exp" has to be a time from the beginning of the test such as +1h or -5m, seconds since 1970, or null for none, but is "soon"',
    ],
    [
      'tests:\n  - name: a\n    request: GET /\n    expect: { headers: { X: { matches: "(" } } }',
      /4:40 error BAD_EXPRESSION this expression does not compile/,
    ],
    [
      'tests:\n  - { name: a, request: GET /, expect: { verdict: deny } }\n  - { name: a, request: GET /, expect: { verdict: deny } }',
      '3:13 error DUPLICATE_NAME there are two tests with the name "a" in this file — say in which they differ',
    ],
    [
      'tests:\n  - name: a\n    sequence: [{ repeat: 0 }]\n    request: GET /\n    expect: { verdict: deny }',
      '3:26 error BAD_VALUE "repeat" has to be at least 1, but is 0 — write it like: repeat: 100',
    ],
    [
      'tests:\n  - name: a\n    sequence: [{ after: soon }]\n    request: GET /\n    expect: { verdict: deny }',
      /3:25 error BAD_DURATION "after" has to be a duration/,
    ],
  ])('%j', (text, wanted) => {
    const [first, ...more] = problems(text)
    expect(more).toEqual([])
    if (typeof wanted === 'string') expect(first).toBe(`tests/a.yaml:${wanted}`)
    else expect(first).toMatch(wanted)
  })

  it('never breaks what reads it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ tests: [value], given: value })),
        ),
        (text) => {
          const { file, problems: found } = readTestFile('tests/a.yaml', text)
          expect(file !== undefined || found.length > 0).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('names what the workspace does not know', async () => {
    const tests = (environment: string) => `environment: ${environment}
tests:
  - name: a
    request: { url: /, headers: { X-API-Key: "\${consumer:apq}" } }
    expect:
      decidedBy: rate-limitting
      route: books/books
      trace: { acll: pass }
`
    const found = async (environment: string) => {
      const { problems: all } = await run(tests(environment), { 'environments/staging.yaml': '{}\n' })
      return all.map(
        ({ line, column, severity, message, suggestion }) => `${line}:${column} ${severity} ${message} — ${suggestion}`,
      )
    }
    expect(await found('stagging')).toEqual(['1:14 error there is no environment "stagging" — did you mean "staging"?'])
    expect((await found('staging')).sort()).toEqual([
      '3:11 error the workspace has no consumer "apq" — did you mean "app"?',
      '6:7 warning the workspace has no policy "rate-limitting" — did you mean "rate-limiting"?',
      '7:7 warning the workspace has no route "books/books" — did you mean "books/books/{id}"?',
      '8:16 warning the workspace has no policy "acll" — did you mean "acl"?',
    ])
  })
})

describe('references', () => {
  it('stand for themselves when a text is written literally, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom('$', '${', '$${', '{', '}', 'secret:', ':'), fc.string())),
        (parts) => {
          const text = parts.join('')
          expect(replaceReferences(literal(text), () => 'replaced')).toBe(text)
        },
      ),
    )
  })
})

describe('a test that is written into a file', () => {
  const draft = { request: { method: 'GET', url: '/a' }, expect: { verdict: 'pass' } }
  it.each([
    ['an empty file', '', '# head\ntests:\n  - name: n\n    request: GET /a\n    expect: { verdict: pass }\n', 3],
    ['no list yet', 'tests:\n', 'tests:\n  - name: n\n    request: GET /a\n    expect: { verdict: pass }\n', 2],
    [
      'an empty list',
      'tests: []  # none\n',
      'tests: # none\n  - name: n\n    request: GET /a\n    expect: { verdict: pass }\n',
      2,
    ],
    [
      'comments behind',
      'tests:\n- { name: a }  # x\n# end',
      'tests:\n- { name: a }  # x\n\n- name: n\n  request: GET /a\n  expect: { verdict: pass }\n# end',
      4,
    ],
    [
      'other keys behind',
      'tests:\n  - name: a\n    request: GET /\ngiven: {}\n',
      'tests:\n  - name: a\n    request: GET /\n\n  - name: n\n    request: GET /a\n    expect: { verdict: pass }\ngiven: {}\n',
      5,
    ],
    [
      'other line ends',
      'tests:\r\n  - { name: a }\r\n',
      'tests:\r\n  - { name: a }\r\n\r\n  - name: n\r\n    request: GET /a\r\n    expect: { verdict: pass }\r\n',
      4,
    ],
  ])('with %s changes nothing else', (_what, before, after, line) => {
    expect(appendTest(before, 'n', draft, '# head\n')).toEqual({ text: after, line })
  })

  it.each(['tests: [{ name: a }]', 'tests: {}', 'a: [', '- a'])('refuses %j', (before) => {
    expect(() => appendTest(before, 'n', draft, '')).toThrow(CannotAppend)
  })

  it('is read back as it was, whatever it holds', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom('yes', '0x10', '~', '2026-01-01', '- a', '#x', "it's", '"q"', 'a: b', '${token:x}'),
    )
    fc.assert(
      fc.property(texts, texts, fc.jsonValue(), (name, value, json) => {
        const request = { method: 'POST', url: '/x', headers: { 'X-A': value }, json: json as object }
        const text = appendTest('tests:\n  - name: before\n', name, { ...draft, request }, '').text
        const read = parse(text) as { tests: { name: string; request: unknown }[] }
        expect(read.tests[1]!.name).toBe(name)
        // What YAML cannot tell apart (-0), JSON cannot either.
        expect(JSON.stringify((read.tests[1]!.request as typeof request).json)).toBe(JSON.stringify(json))
        expect((read.tests[1]!.request as typeof request).headers['X-A']).toBe(value)
      }),
      { numRuns: 300 },
    )
  })

  it('stands on few lines', () => {
    expect(testItem('short', draft)).toBe('  - name: short\n    request: GET /a\n    expect: { verdict: pass }\n')
  })
})

it('the schema describes every key', () => {
  const undescribed: string[] = []
  const look = (schema: Record<string, unknown>, path: string) => {
    for (const [key, property] of Object.entries(
      (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>,
    )) {
      if (typeof property['description'] !== 'string') undescribed.push(`${path}/${key}`)
      look(property, `${path}/${key}`)
      if (property['items']) look(property['items'] as Record<string, unknown>, `${path}/${key}[]`)
    }
  }
  look(testsEditorSchema(), '')
  expect(undescribed).toEqual([])
})
