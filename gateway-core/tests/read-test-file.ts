import type { Problem } from '../config/diagnostics.ts'
import { isMapping } from '../config/merge.ts'
import { Origins } from '../config/origins.ts'
import { Problems } from '../config/problems.ts'
import { SourceFile } from '../config/source.ts'
import { parseDuration } from '../config/units.ts'
import { issuesOf } from '../config/validate.ts'
import { readYaml } from '../config/yaml.ts'
import { readExpectations } from './read-expectations.ts'
import { mergeGiven, noGiven, readGiven, readTokenSpec } from './read-given.ts'
import { referencesIn } from './references.ts'
import type { Given, PolicyTest, TestFile, TestRequest, TestResponse, TestStep } from './policy-test.ts'
import { testsSchema } from './schema.ts'

type Mapping = Record<string, unknown>

/** A file of tests, where it is sound, and everything that is wrong with it, each at its place. */
export interface TestFileReading {
  readonly file?: TestFile
  readonly problems: readonly Problem[]
}

/** Reads `tests/*.yaml`. Nothing that a person may have written makes it throw. */
export function readTestFile(path: string, text: string): TestFileReading {
  const origins = new Origins()
  const problems = new Problems(origins, path)
  const source = new SourceFile(path, text)
  const reading = readYaml(source, origins, (range, code, message, suggestion, severity) => {
    problems.inRange(range, { code, message, suggestion, severity })
  })
  if (!reading) return { problems: problems.sorted() }
  const root = reading.value
  if (!isMapping(root)) {
    const message = root === null ? 'the file is empty' : 'a file of tests is a mapping (key: value)'
    const suggestion = 'begin it with: tests:'
    problems.inRange({ source, start: 0, end: 1 }, { code: 'WRONG_TYPE', message, suggestion })
    return { problems: problems.sorted() }
  }
  for (const { pointer, part, code, message, suggestion } of issuesOf(testsSchema, root, () => undefined)) {
    problems.at(root, pointer, { part, code, message, suggestion })
  }
  if (problems.failed) return { problems: problems.sorted() }
  const file = new Reader(path, root, problems).read()
  return { ...(!problems.failed && { file }), problems: problems.sorted() }
}

class Reader {
  readonly #path: string
  readonly #root: Mapping
  readonly #problems: Problems

  constructor(path: string, root: Mapping, problems: Problems) {
    this.#path = path
    this.#root = root
    this.#problems = problems
  }

  read(): TestFile {
    const root = this.#root
    const shared = mergeGiven(noGiven, readGiven(root['given'], root, this.#problems))
    const names = new Set<string>()
    const tests = (root['tests'] as Mapping[]).map((test, at) => this.#test(test, at, shared, names))
    const name = root['environment'] as string | undefined
    const environment =
      name === undefined ? undefined : { name, position: this.#problems.position(root, '/environment') }
    return { path: this.#path, environment, tests }
  }

  #test(test: Mapping, at: number, shared: Given, names: Set<string>): PolicyTest {
    const name = test['name'] as string
    const position = this.#problems.position(this.#root, `/tests/${at}`)
    if (names.has(name)) {
      this.#problems.at(test, '/name', {
        code: 'DUPLICATE_NAME',
        message: `there are two tests with the name "${name}" in this file`,
        suggestion: 'say in which they differ',
      })
    }
    names.add(name)
    const given = mergeGiven(shared, readGiven(test['given'], test, this.#problems))
    const written = test['sequence'] as Mapping[] | undefined
    const steps = (written ?? [test]).map((step) => this.#step(step, test, given, written !== undefined))
    // In a sequence, what the test expects is expected of its last request.
    const last = steps.at(-1)!
    if (written && test['expect'] !== undefined) {
      const expectations = [...last.expectations, ...readExpectations(test['expect'], test, this.#problems)]
      steps[steps.length - 1] = { ...last, expectations }
    }
    if (steps.every(({ expectations }) => expectations.length === 0)) {
      this.#problems.at(test, '/name', {
        code: 'MISSING_KEY',
        message: 'this test expects nothing, so it could not fail',
        suggestion: 'add it: expect: { verdict: deny }',
      })
    }
    return { id: `${this.#path} › ${name}`, name, position, given, steps }
  }

  #step(step: Mapping, test: Mapping, given: Given, inSequence: boolean): TestStep {
    const problems = this.#problems
    const holder = step['request'] === undefined ? test : step
    if (holder['request'] === undefined) {
      problems.at(test, '/name', {
        code: 'MISSING_KEY',
        message: 'this test has no request',
        suggestion: 'add it: request: GET /books/1',
      })
    }
    const responseHolder = step['response'] === undefined ? test : step
    return {
      after: duration(step['after']),
      repeat: (step['repeat'] as number | undefined) ?? 1,
      every: duration(step['every']),
      request: this.#request(holder, given),
      response: readResponse(responseHolder['response'] as Mapping | undefined),
      expectations: readExpectations(step['expect'], step, problems),
      position: inSequence ? problems.position(step) : problems.position(test, '/name'),
    }
  }

  #request(holder: Mapping, given: Given): TestRequest {
    const written = holder['request']
    const problems = this.#problems
    if (typeof written === 'string') {
      const [method, url] = written.split(' ', 2) as [string, string]
      this.#checkReferences(holder, 'request', given)
      return { method: method.toUpperCase(), url, headers: [], token: undefined, body: undefined }
    }
    const request = (written ?? {}) as Mapping
    if (request['body'] !== undefined && request['json'] !== undefined) {
      const message = 'body and json cannot stand together'
      problems.at(request, '/json', { code: 'BAD_VALUE', message, suggestion: 'keep one of them', part: 'key' })
    }
    this.#checkReferences(request, 'url', given)
    this.#checkReferences(request, 'headers', given)
    this.#checkReferences(request, 'body', given)
    const json = request['json']
    const body = json === undefined ? (request['body'] as string | undefined) : JSON.stringify(json)
    const headers = headersOf(request['headers'])
    if (json !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type')) {
      headers.push(['Content-Type', 'application/json'])
    }
    const method = (request['method'] as string | undefined) ?? (body === undefined ? 'GET' : 'POST')
    return {
      method,
      url: (request['url'] as string | undefined) ?? '/',
      headers,
      token: this.#token(request, given),
      body,
    }
  }

  #token(request: Mapping, given: Given): TestRequest['token'] {
    const token = request['token']
    if (token === undefined) return undefined
    if (typeof token !== 'string') return readTokenSpec(token as Mapping)
    if (!given.tokens.has(token)) this.#noToken(request, '/token', token, given)
    return token
  }

  #checkReferences(container: Mapping, key: string, given: Given): void {
    for (const { kind, name } of referencesIn(JSON.stringify(container[key] ?? ''))) {
      if (kind === 'token' && !given.tokens.has(name)) this.#noToken(container, `/${key}`, name, given)
      if (kind === 'token' || kind === 'secret' || kind === 'consumer') continue
      this.#problems.at(container, `/${key}`, {
        code: 'UNKNOWN_REFERENCE',
        message: `there is no kind of reference "${kind}" in tests`,
        suggestion: 'there are: ${token:…}, ${secret:…}, ${consumer:…}; $${ stands for ${',
      })
    }
  }

  #noToken(container: Mapping, pointer: string, name: string, given: Given): void {
    const known = [...given.tokens.keys()]
    const suggestion =
      known.length > 0 ? `there are: ${known.join(', ')}` : `write it under given: { tokens: { ${name}: { … } } }`
    this.#problems.at(container, pointer, {
      code: 'UNKNOWN_REFERENCE',
      message: `no token "${name}" is given`,
      suggestion,
    })
  }
}

function duration(written: unknown): number {
  return written === undefined ? 0 : (parseDuration(written as string | number) ?? 0)
}

function headersOf(written: unknown): [string, string][] {
  const pairs: [string, string][] = []
  for (const [name, value] of Object.entries((written ?? {}) as Mapping)) {
    for (const one of [value].flat()) pairs.push([name, String(one)])
  }
  return pairs
}

function readResponse(written: Mapping | undefined): TestResponse | undefined {
  if (!written) return undefined
  const json = written['json']
  const body = json === undefined ? (written['body'] as string | undefined) : JSON.stringify(json)
  const headers = headersOf(written['headers'])
  if (json !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type')) {
    headers.push(['Content-Type', 'application/json'])
  }
  return { status: (written['status'] as number | undefined) ?? 200, headers, body }
}
