import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DOMParser } from '@xmldom/xmldom'
import { afterAll, expect, it, vi } from 'vitest'
import { cli, folderWith } from './cli.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 60_000 })

const yaml = `gatehouse: 1
upstreams: { a: http://127.0.0.1:1 }
apis: [{ name: a, upstream: a, policies: [{ ip-restriction: { allow: [10.0.0.0/8] } }] }]
`
const tests = `tests:
  - { name: in, given: { peer: 10.0.0.1 }, request: GET /, expect: { verdict: pass } }
  - name: "hostile ]]> <name> & 'quotes' \\u0007"
    request: GET /
    expect:
      verdict: pass
      code: IP_DENIED
`
const places: ReturnType<typeof folderWith>[] = []
afterAll(() => places.forEach(({ remove }) => remove()))
const folder = (files: Record<string, string>) => {
  const place = folderWith({ 'gatehouse.yaml': yaml, ...files })
  places.push(place)
  return place
}

it('tells each expectation that was not met with its line, the policy that decided with its line, and the trace', async () => {
  const place = folder({ 'tests/a.yaml': tests })
  const { code, stdout } = await cli(['test'], { cwd: place.folder })
  expect(code).toBe(1)
  const plain = stdout.replaceAll(/\d+ (µs|ms)/g, 'n $1')
  expect(plain).toMatch(/^✕ hostile \]\]> <name> & 'quotes' \\x07 /)
  expect(plain).toContain(
    `
  tests/a.yaml:6:7 verdict
    expected "pass"
    got      "deny"
`.replaceAll('"', ''),
  )
  expect(plain).toContain(
    `
  tests/a.yaml:7:7 code
    expected IP_DENIED
    got      IP_NOT_ALLOWED
  GET / → deny 403 IP_NOT_ALLOWED by ip-restriction, route a/*
  decided at gatehouse.yaml:3:45
    saw client address = 127.0.0.1, wanted an address in 10.0.0.0/8
  ✕ ip-restriction  request headers  denied IP_NOT_ALLOWED  n µs  gatehouse.yaml:3:45
`.slice(1),
  )
  expect(plain).toMatch(/\n1 passed, 1 failed in n ms\n$/)
})

it('prints one JSON value, runs what --only asks for, and writes valid JUnit for hostile names', async () => {
  const place = folder({ 'tests/a.yaml': tests })
  const { code, stdout } = await cli(['test', '--json', '--junit', 'report.xml'], { cwd: place.folder })
  expect(code).toBe(1)
  const printed = JSON.parse(stdout) as {
    passed: number
    failed: number
    tests: { state: string; failures: object[] }[]
  }
  expect(printed).toMatchObject({ passed: 1, failed: 1 })
  expect(printed.tests[1]!.failures[0]).toMatchObject({
    file: 'tests/a.yaml',
    line: 6,
    column: 7,
    expected: 'pass',
    got: 'deny',
  })
  const xml = readFileSync(join(place.folder, 'report.xml'), 'utf8')
  // The parser throws for what is no well-formed XML.
  const names = new DOMParser({
    errorHandler: (_level: string, message: string) => {
      throw new Error(message)
    },
  })
    .parseFromString(xml, 'text/xml')
    .getElementsByTagName('testcase')
  expect(Array.from(names, (one) => one.getAttribute('name'))).toEqual(['in', `hostile ]] > <name> & 'quotes' \\x07`])
  const only = await cli(['test', '--only', 'a.yaml › IN'], { cwd: place.folder })
  expect(only).toMatchObject({ code: 0 })
  expect(only.stdout).toMatch(/^1 passed, 0 failed/)
})

it('tells with --coverage what the tests exercised, and what none has tried', async () => {
  const sequence = `tests:
  - name: in and out
    given: { peer: 10.0.0.1 }
    sequence:
      - { request: GET /, repeat: 3, expect: { verdict: pass } }
  - { name: out, request: GET /, expect: { verdict: deny } }
`
  const more = `${yaml}policies: [{ ip-restriction: { name: outer, deny: [192.0.2.0/24] } }, { cors: { name: never, mode: off, origins: ["*"] } }]\n`
  const place = folder({ 'tests/a.yaml': sequence, 'gatehouse.yaml': more })
  const { code, stdout, stderr } = await cli(['test', '--coverage'], { cwd: place.folder })
  expect(code).toBe(0)
  expect(stdout).toMatch(/2 passed, 0 failed in/)
  expect(stdout).toContain('● 4  workspace/outer  gatehouse.yaml:4\n    pass 4 · never: ')
  expect(stdout).toMatch(
    /● 4 {2}api:a\/ip-restriction {2}gatehouse.yaml:3\n {4}pass 3 · IP_NOT_ALLOWED 1 · never: IP_DENIED/,
  )
  expect(stderr).toContain('2 of 2 policies reached by 4 requests')
  const printed = await cli(['test', '--coverage', '--json', '--only', 'out'], { cwd: place.folder })
  expect(JSON.parse(printed.stdout)).toMatchObject({
    passed: 2,
    coverage: { requests: 4, judged: 4, policies: [{ policy: 'workspace/outer', reached: 4 }, { reached: 4 }] },
  })
  const watching = await cli(['test', '--coverage', '--watch'], { cwd: place.folder })
  expect(watching).toMatchObject({ code: 2 })
})

it('ends with 2 where there is nothing to run, and says what to write', async () => {
  const none = await cli(['test'], { cwd: folder({}).folder })
  expect(none.code).toBe(2)
  expect(none.stderr).toMatch(
    /Write tests\/first.yaml:\n\n {4}tests:\n[^]*has no tests — write tests\/first.yaml as above/,
  )
  const other = await cli(['test', '--only', 'nothing like it'], { cwd: folder({ 'tests/a.yaml': tests }).folder })
  expect(other).toMatchObject({ code: 2, stdout: '' })
  const broken = await cli(['test'], {
    cwd: folder({ 'tests/a.yaml': 'tests:\n  - { name: a, requst: GET / }\n' }).folder,
  })
  expect(broken.code).toBe(2)
  expect(broken.stdout).toMatch(/tests\/a.yaml:2:16 error UNKNOWN_KEY unknown key "requst" — did you mean "request"\?/)
  expect(broken.stdout).toMatch(/0 passed, 0 failed, 1 file not run/)
  const checked = await cli(['check'], { cwd: places.at(-1)!.folder })
  expect(checked).toMatchObject({ code: 1 })
  expect(checked.stdout).toMatch(/tests\/a.yaml:2:16 error UNKNOWN_KEY unknown key "requst"/)
  const unsound = await cli(['test'], {
    cwd: folder({ 'gatehouse.yaml': 'gatehouse: 2\n', 'tests/a.yaml': tests }).folder,
  })
  expect(unsound.code).toBe(2)
  expect(unsound.stderr).toMatch(/gatehouse.yaml:1:12 error[^]*nothing was tested/)
})

it('watches: an edit of a test runs its file, an edit of a policy all', async () => {
  const place = folder({
    'tests/a.yaml': tests,
    'tests/b.yaml': 'tests: [{ name: b, request: GET /, expect: { verdict: deny } }]\n',
  })
  const program = join(dirname(dirname(import.meta.dirname)), 'gateway-core', 'cli', 'main.ts')
  const child = spawn(process.execPath, [program, 'test', '--watch'], {
    cwd: place.folder,
    env: { ...process.env, NO_COLOR: '1' },
  })
  let said = ''
  const says = async (pattern: RegExp) => {
    while (!pattern.test(said)) await once(child.stdout, 'data')
    said = said.replace(pattern, '')
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  try {
    await says(/2 passed, 1 failed[^]*waiting for an edit/)
    place.write('tests/b.yaml', 'tests: [{ name: b, request: GET /, expect: { verdict: pass } }]\n')
    await says(/✕ b {2}tests\/b.yaml[^]*1 passed, 2 failed[^]*waiting/)
    place.write('gatehouse.yaml', yaml.replace('10.0.0.0/8', '0.0.0.0/0'))
    await says(/2 passed, 1 failed[^]*waiting/)
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(1)
  } finally {
    child.kill('SIGKILL')
  }
})
