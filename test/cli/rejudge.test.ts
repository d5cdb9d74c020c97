import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits, type RecordedFolder, recordedFolder } from '../rejudge/recorded-folder.ts'
import { cli } from './cli.ts'

interface Printed {
  exchanges: number
  changes: { id: string; before: Outcome; after: Outcome; blame: { file: string; line: number; text: string }[] }[]
  [count: string]: unknown
}
interface Outcome {
  verdict: string
  status?: number
  code?: string
  decidedBy?: string
}

let recorded: RecordedFolder
let har: string

beforeAll(async () => {
  recorded = await recordedFolder()
  har = join(recorded.folder, 'monday.har')
  expect((await run(['capture', 'export', '.', '--har', har])).code).toBe(0)
  recorded.write('edited/gatehouse.yaml', recorded.yaml.replace('deny: [10.9.0.0/16]', 'deny: [10.2.0.0/16]'))
  recorded.write('edited/limits.yaml', limits.replace('limit: 6', 'limit: 4'))
  recorded.write('edited/same.yaml', `${recorded.yaml}# nothing\n`)
  mkdirSync(join(recorded.folder, 'other/policies'), { recursive: true })
  recorded.write('other/gatehouse.yaml', readFileSync(join(recorded.folder, 'edited/gatehouse.yaml'), 'utf8'))
  recorded.write('other/policies/limits.yaml', limits)
}, 90_000)
afterAll(() => recorded.close())

const run = (args: readonly string[]) => cli(args, { cwd: recorded.folder })

async function judge(args: readonly string[]): Promise<Printed & { code: number | null }> {
  const { code, stdout, stderr } = await run(['rejudge', '.', ...args, '--json'])
  expect(stderr).toBe('')
  return { ...(JSON.parse(stdout) as Printed), code }
}

test('prints the counts and every change, each with the line to blame', async () => {
  const found = await judge(['--with', 'edited/gatehouse.yaml'])
  expect(found.code).toBe(1)
  expect(Object.keys(found).slice(0, 9)).toEqual([
    'exchanges',
    'same',
    'newlyDenied',
    'newlyAllowed',
    'otherPolicy',
    'transformed',
    'undecidable',
    'milliseconds',
    'changes',
  ])
  expect(found).toMatchObject({ exchanges: 11, same: 9, newlyDenied: 1, newlyAllowed: 1, undecidable: 0 })
  expect(
    found.changes.map(({ before, after }) => [before.code ?? before.verdict, after.code ?? after.verdict]),
  ).toEqual([
    ['pass', 'IP_DENIED'],
    ['IP_DENIED', 'pass'],
  ])
  for (const { blame } of found.changes) expect(blame).toMatchObject([{ file: 'gatehouse.yaml', line: 6 }])
})

test('a policy file stands for the one of its name, a workspace for the whole', async () => {
  const limited = await judge(['--with', 'edited/limits.yaml'])
  expect(limited).toMatchObject({ newlyDenied: 2, same: 9, code: 1 })
  expect(limited.changes[0]!.blame).toMatchObject([{ file: 'policies/limits.yaml', line: 2 }])
  expect(await judge(['--with', 'other'])).toMatchObject({ newlyDenied: 1, newlyAllowed: 1, same: 9 })
})

test('nothing changed is exit 0', async () => {
  expect(await judge(['--with', 'gatehouse.yaml'])).toMatchObject({ same: 11, changes: [], code: 0 })
  expect(await judge(['--with', 'gatehouse.yaml', '--no-reuse'])).toMatchObject({ same: 11, reused: 0, code: 0 })
})

test('part of the traffic, and that of a HAR', async () => {
  expect(await judge(['--with', 'edited/limits.yaml', '-q', 'url:page=4'])).toMatchObject({
    exchanges: 1,
    newlyDenied: 1,
  })
  const ours = await judge(['--with', 'edited/gatehouse.yaml', '--traffic', har])
  expect(ours).toMatchObject({ exchanges: 11, newlyDenied: 1, newlyAllowed: 1, same: 9 })
})

test('what a foreign HAR lacks is undecidable by name', async () => {
  const entry = (url: string) => ({
    startedDateTime: '2026-03-01T12:00:00Z',
    time: 5,
    request: { method: 'GET', url, httpVersion: 'HTTP/1.1', headers: [], queryString: [], cookies: [] },
    response: { status: 200, statusText: 'OK', headers: [], content: { text: '[]', mimeType: 'application/json' } },
  })
  const entries = [entry('http://shop.example/books'), entry('http://shop.example/nowhere')]
  writeFileSync(join(recorded.folder, 'foreign.har'), JSON.stringify({ log: { version: '1.2', entries } }))
  const found = await judge(['--with', 'edited/gatehouse.yaml', '--traffic', 'foreign.har'])
  expect(found).toMatchObject({ exchanges: 2, undecidable: 2, missing: { 'client-address': 2 } })
})

test('tells people in groups, with file and line', async () => {
  const { code, stdout } = await run(['rejudge', '.', '--with', 'edited/limits.yaml'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^11 exchanges judged again in /)
  expect(stdout).toContain('9 same   2 newly denied   0 newly allowed')
  expect(stdout).toContain('✕ 2 × 200 pass → 429 LIMIT_REACHED by api:shop/rate-limiting  policies/limits.yaml:2')
  expect(stdout).toContain('because of policies/limits.yaml:2  - rate-limiting: { limit: 4,')
})

test.each([
  [['rejudge', '.'], '--with is missing'],
  [['rejudge', '.', '--with', 'nothing.yaml'], 'there is no nothing.yaml'],
  [['rejudge', '.', '--with', 'edited/same.yaml', '--traffic', 'no.har'], 'there is no no.har'],
  [['rejudge', '.', '--with', 'gatehouse.yaml', '-q', 'status:'], 'the query'],
  [['rejudge', '.', '--with', 'foreign.har'], 'no file of that name'],
])('%j could not judge: exit 2 and why', async (args, why) => {
  const { code, stdout, stderr } = await run(args)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(why)
})

test('a version that does not load says where', async () => {
  recorded.write('broken/gatehouse.yaml', recorded.yaml.replace('deny: [10.9.0.0/16]', 'deny: nobody'))
  const { code, stderr } = await run(['rejudge', '.', '--with', 'broken/gatehouse.yaml'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/does not load: gatehouse.yaml:6:\d+: /)
})
