import { afterAll } from 'vitest'
import type { Problem } from '../../gateway-core/config/diagnostics.ts'
import type { TestResult } from '../../gateway-core/tests/run-test.ts'
import { TestRunner } from '../../gateway-core/tests/run-tests.ts'
import { workspaceFolder } from '../gateway-fixture.ts'

/** A workspace that most tests here can use: an API behind a token or a key, with limits, and one for everybody. */
export const workspace = `gatehouse: 1
upstreams: { books: http://127.0.0.1:9001 }
consumers: [{ name: app, groups: [reader], keys: ["\${secret:app-key}"] }]
apis:
  - name: books
    upstream: books
    policies:
      - any-of:
          - jwt-auth: { issuer: "https://id.example", audience: books, algorithms: [RS256, ES256, EdDSA], groupsClaim: roles }
          - key-auth: { hide: true }
      - rate-limiting: { limit: 3, window: 10s, by: consumer }
      - acl: { allow: { groups: [reader] } }
      - response-transformer: { headers: { set: { X-Shop: open }, remove: [Server] } }
    routes:
      - path: /books/{id}
  - name: open
    upstream: books
    policies:
      - injection-protection: { mode: shadow }
    routes:
      - path: /search
`

const removals: (() => void)[] = []
afterAll(() => {
  for (const remove of removals) remove()
})

/** Runs a file of tests in a workspace of its own. */
export async function run(
  tests: string,
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<{ results: TestResult[]; problems: readonly Problem[]; broken: number }> {
  const place = workspaceFolder({ 'gatehouse.yaml': workspace, 'tests/a.yaml': tests, ...files })
  removals.push(place.remove)
  const runner = new TestRunner(place.folder, { env })
  const suite = await runner.read()
  const results: TestResult[] = []
  for await (const result of runner.run(suite)) results.push(result)
  return { results, problems: suite.problems, broken: suite.broken.size }
}

/** Runs one test, given as its lines below `- name: it`. */
export async function runOne(body: string, given = ''): Promise<TestResult> {
  const lines = body.trim().replaceAll(/^/gm, '    ')
  const { results, problems } = await run(`${given}tests:\n  - name: it\n${lines}\n`)
  if (problems.length > 0) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return results[0]!
}

/** `passed`, or what failed: `9:15 status: 200 / 403`. */
export function outcome({ state, failures, missing }: TestResult): string {
  if (state === 'passed') return state
  if (missing) return `missing ${missing.fact}`
  return failures
    .map(({ position, name, expected, got }) => `${position.line}:${position.column} ${name}: ${expected} / ${got}`)
    .join('; ')
}
