import fc from 'fast-check'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CaseError, readCase } from '../../gateway-core/cases/case-file.ts'
import { exportCase } from '../../gateway-core/cases/export-case.ts'
import { openCase } from '../../gateway-core/cases/open-case.ts'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { loaded, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

const clear = 'a-key-that-stands-in-the-file-in-clear'
const shared = 'a-shared-secret-of-more-than-thirty-two-bytes'
const fromVariable = 'a-key-from-a-variable-0123456789'
let text: string
let close: () => Promise<void> = async () => undefined
const ids: string[] = []

beforeAll(async () => {
  const upstream = await testUpstream((_request, response) => response.end('ok'))
  const place = workspaceFolder({
    'gatehouse.yaml': `gatehouse: 1   # not ${clear} of course
listen: { http: "127.0.0.1:0" }
upstreams: { a: "${upstream.url}" }
consumers:
  - { name: one, keys: [${clear}] }
  - { name: two, keys: ["\${env:TWO}"] }
apis:
  - name: a
    upstream: a
    policies:
      - any-of:
          - key-auth
          - jwt-auth: { secret: "${shared}", algorithms: [HS256] }
      - rate-limiting: { limit: 2, window: 1m, by: consumer }
`,
  })
  const env = { TWO: fromVariable }
  const opened = await openGateway({
    workspace: await loaded(place.folder, env),
    env,
    capture: true,
    onTrouble: () => undefined,
  })
  const url = opened.gateway.addresses.http!.url
  for (const key of [clear, clear, clear, fromVariable, 'nobodys-key']) {
    await (await fetch(`${url}/x`, { headers: { 'X-API-Key': key } })).text()
  }
  await opened.flush()
  const key = await loadWorkspaceKey(place.folder, env)
  const captures = openCaptures(place.folder, key)
  ids.push(...captures.list({ order: 'oldest' }).map(({ id }) => id))
  const options = { folder: place.folder, captures, key, env }
  const exported = await Promise.all(ids.map((id) => exportCase(id, options)))
  writeFileSync(join(place.folder, 'all'), JSON.stringify(exported.map((one) => one.text)))
  text = readFileSync(join(place.folder, 'all'), 'utf8')
  captures.close()
  close = async () => {
    await opened.close(100)
    await upstream.close()
    place.remove()
  }
}, 30_000)
afterAll(() => close())

const cases = () => JSON.parse(text) as string[]
const third = () => JSON.parse(cases()[2]!) as Record<string, unknown>

describe('a case', () => {
  it('knows the secrets of its files by their tags only', async () => {
    for (const secret of [clear, shared, fromVariable, 'nobodys-key']) expect(text).not.toContain(secret)
    const verdicts = []
    for (const one of cases()) {
      const opened = await openCase(one)
      expect(opened.difference).toBeNull()
      expect(opened.judged!.taken).toEqual([])
      verdicts.push(`${opened.case.record.code ?? 'pass'} ${opened.case.record.consumer?.name}`)
    }
    expect(verdicts).toEqual(['pass one', 'pass one', 'LIMIT_REACHED one', 'pass two', 'KEY_UNKNOWN undefined'])
  })

  it('is judged again by its own files: a changed policy shows as a difference', async () => {
    const changed = third()
    const files = changed['files'] as Record<string, string>
    files['gatehouse.yaml'] = files['gatehouse.yaml']!.replace(
      '- rate-limiting',
      '- rate-limiting: { name: other, mode: shadow, limit: 9, window: 1m, by: ip }\n      - rate-limiting',
    )
    const { difference } = await openCase(JSON.stringify(changed))
    expect(difference).toMatchObject({ field: 'step', judged: 'api:a/other (requestHeaders)' })
  })

  it('of another engine says so', async () => {
    expect((await openCase(JSON.stringify({ ...third(), engine: '0.0.1' }))).otherEngine).toBe(true)
  })

  it('whose files do not load says what is wrong with them', async () => {
    const { problem, judged } = await openCase(
      JSON.stringify({ ...third(), files: { 'gatehouse.yaml': 'gatehous: 1' } }),
    )
    expect(judged).toBeUndefined()
    expect(problem).toMatchObject({ file: 'gatehouse.yaml', line: 1 })
  })

  it('reads no file and no variable of the machine that opens it', async () => {
    const hostile = third()
    hostile['files'] = {
      'gatehouse.yaml': `gatehouse: 1
upstreams: { a: "http://127.0.0.1:1" }
consumers: [{ name: x, keys: ["\${file:/etc/hostname}", "\${file:../../etc/passwd}", "\${env:PATH}"] }]
apis: [{ name: a, upstream: a, openapi: /etc/hosts }]
`,
    }
    expect(existsSync('/etc/passwd')).toBe(true)
    const { problem } = await openCase(JSON.stringify(hostile))
    expect(problem?.message).toMatch(/cannot be read|is not set/)
  })
})

describe('a file that is no case', () => {
  it.each([
    ['', /is not JSON/],
    ['{"gatehouseCase":1', /is not JSON, or it was cut off/],
    ['[]', /no JSON object/],
    ['{}', /this is no case/],
    ['{"gatehouseCase":2}', /format 2; format 1 is understood/],
    ['{"gatehouseCase":1,"files":{"../gatehouse.yaml":""}}', /a file with the name "..\/gatehouse.yaml"/],
    ['{"gatehouseCase":1,"files":{"/etc/passwd":""}}', /a file with the name "\/etc\/passwd"/],
    ['{"gatehouseCase":1,"files":{"a.yaml":""}}', /no gatehouse.yaml/],
    ['{"gatehouseCase":1,"files":{"gatehouse.yaml":7}}', /no text: gatehouse.yaml/],
    ['{"gatehouseCase":1,"files":{"gatehouse.yaml":""},"environment":"../x"}', /environment is no name/],
    [
      '{"gatehouseCase":1,"files":{"gatehouse.yaml":""},"engine":"1","workspace":"w","revision":"r"}',
      /its exchange is no JSON object/,
    ],
    [`{"gatehouseCase":1,"x":"${'x'.repeat(33 * 1024 * 1024)}"}`, /larger than 32 MB/],
  ])('%# says why', (given, message) => {
    expect(() => readCase(given)).toThrow(CaseError)
    expect(() => readCase(given)).toThrow(message)
  })

  it('never breaks what opens it, whatever was changed in it', async () => {
    const whole = third()
    const paths: string[][] = []
    const walk = (value: unknown, path: string[]) => {
      if (path.length > 0) paths.push(path)
      if (typeof value !== 'object' || value === null || path.length > 7) return
      for (const [key, one] of Object.entries(value)) walk(one, [...path, key])
    }
    walk(whole, [])
    const anything = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.string(),
      fc.constant([]),
      fc.constant({}),
      fc.constant([null]),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), anything, async (path, value) => {
        const copy = structuredClone(whole)
        let at = copy as Record<string, unknown>
        for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
        at[path.at(-1)!] = value
        try {
          await openCase(JSON.stringify(copy))
        } catch (error) {
          expect(error).toBeInstanceOf(CaseError)
          expect((error as Error).message).not.toBe('')
        }
      }),
      { numRuns: 300 },
    )
  }, 30_000)
})
