import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { harEntry } from '../../gateway-core/capture/har-entry.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { Coverage } from '../../gateway-core/protocol/what-if.ts'
import { record, write } from '../capture/records.ts'
import { cli, folderWith } from './cli.ts'

const yaml = `gatehouse: 1
upstreams: { app: "http://127.0.0.1:9" }
apis:
  - name: app
    upstream: app
    policies:
      - ip-restriction: { allow: [127.0.0.0/8] }
      - cors: { origins: ["https://shop.example.com"] }
`
const place = folderWith({ 'gatehouse.yaml': yaml })
const step = (name: string, verdict: TraceEntry['verdict'], code?: TraceEntry['code']): TraceEntry => ({
  policy: `api:app/${name}`,
  type: name,
  phase: 'requestHeaders',
  verdict,
  mode: 'enforce',
  at: 0,
  micros: 1,
  now: 0,
  sequence: 0,
  position: { file: 'gatehouse.yaml', line: 7, column: 9 },
  ...(code && { code }),
})
const passed = record({ trace: [step('ip-restriction', 'pass')] })
const denied = record({
  trace: [step('ip-restriction', 'deny', 'IP_NOT_ALLOWED')],
  verdict: 'deny',
  status: 403,
  code: 'IP_NOT_ALLOWED',
})

beforeAll(() => {
  write(place.folder, [passed, denied, record()])
  const entries = [harEntry({ ...denied, order: 1, secrets: 'none' })]
  writeFileSync(join(place.folder, 'some.har'), JSON.stringify({ log: { version: '1.2', entries } }))
})
afterAll(() => place.remove())

describe('coverage', () => {
  test('each policy with its counts, what never happened; exit 1 because one was never hit', async () => {
    const { code, stdout, stderr } = await cli(['coverage', place.folder])
    expect(stdout).toBe(`● 2  api:app/ip-restriction  gatehouse.yaml:7
    pass 1 · IP_NOT_ALLOWED 1 · never: IP_DENIED
◐ never hit  api:app/cors  gatehouse.yaml:8
`)
    expect(stderr).toBe('1 of 2 policies reached by 2 exchanges; 1 had no policy before them\n')
    expect(code).toBe(1)
  })

  test('a query narrows it, a HAR stands in for the capture', async () => {
    const narrowed = await cli(['coverage', place.folder, 'verdict:deny', '--json'])
    const har = await cli(['coverage', place.folder, '--traffic', 'some.har', '--json'], { cwd: place.folder })
    const [one, other] = [narrowed, har].map(({ stdout }) => JSON.parse(stdout) as Coverage)
    expect(one).toEqual(other)
    expect(one).toMatchObject({ exchanges: 1, judged: 1, policies: [{ reached: 1 }, { reached: 0 }], gone: [] })
    expect(one!.policies[0]!.branches).toContainEqual({
      outcome: 'deny:IP_NOT_ALLOWED',
      exchanges: 1,
      query: 'step:"api:app/ip-restriction=deny:IP_NOT_ALLOWED"',
    })
  })

  test.each([
    ['no traffic there', ['--traffic', 'nowhere.har'], /there is no nowhere\.har/],
    ['no HAR', ['--traffic', 'gatehouse.yaml'], /gatehouse\.yaml cannot be read/],
    ['a query that cannot be read', ['polcy:x'], /there is no field polcy — did you mean policy:/],
  ])('%s: exit 2 and what to do', async (_name, args, said) => {
    const { code, stdout, stderr } = await cli(['coverage', place.folder, ...args], { cwd: place.folder })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(said)
  })
})
