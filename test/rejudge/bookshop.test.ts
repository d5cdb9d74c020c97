import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Agent, request as send } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import type { StoredExchange } from '../../gateway-core/capture/record.ts'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { setSecret } from '../../gateway-core/config/secrets.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { policies } from '../../gateway-core/policies/index.ts'
import { CapturedTraffic } from '../../gateway-core/rejudge/captured-traffic.ts'
import { judgeEdit } from '../../gateway-core/rejudge/judge-edit.ts'
import { rejudge } from '../../gateway-core/rejudge/rejudge.ts'
import { SharedFacts } from '../../gateway-core/rejudge/shared-facts.ts'
import { RecordsTraffic, type Traffic } from '../../gateway-core/rejudge/traffic.ts'
import type { WhatIfReport } from '../../gateway-core/rejudge/what-if.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { startServices } from '../../samples/bookshop/services.ts'
import { freePort } from '../cli/cli.ts'
import { loaded } from '../gateway-fixture.ts'

// The sample uses every policy type; what it records is read back from the store and judged again, without reuse.
const root = mkdtempSync(join(tmpdir(), 'gatehouse-rejudge-'))
const folder = join(root, 'bookshop')
const apiKey = 'mobile-app-key-0123456789abcdef'
let close: () => Promise<void> = async () => undefined
let url: string

beforeAll(async () => {
  const sample = join(dirname(dirname(import.meta.dirname)), 'samples', 'bookshop')
  cpSync(sample, folder, { recursive: true, filter: (path) => !/\.gatehouse|secrets\.enc/.test(path) })
  const [upstreamPort, identityPort] = [await freePort(), await freePort()]
  const services = await startServices({ upstreamPort, identityPort, keyFile: join(root, 'keys.json') })
  const file = join(folder, 'gatehouse.yaml')
  const text = readFileSync(file, 'utf8')
    .replaceAll(':9001', `:${upstreamPort}`)
    .replaceAll(':9100', `:${identityPort}`)
  writeFileSync(file, text.replace('127.0.0.1:8080', '127.0.0.1:0'))
  await setSecret(folder, 'mobile-app-key', apiKey, await loadWorkspaceKey(folder, {}))
  const opened = await openGateway({
    workspace: await loaded(folder),
    env: {},
    capture: true,
    onTrouble: () => undefined,
  })
  url = opened.gateway.addresses.http!.url
  const token = async (user: string) => (await fetch(`http://127.0.0.1:${identityPort}/dev/token/${user}`)).text()
  const tokens = { anna: await token('anna'), ben: await token('ben'), carla: await token('carla') }
  const agent = new Agent({ connections: 12 })
  const ask = async ([method, path, who, body]: (typeof requests)[number], at: number) => {
    const headers: Record<string, string> = { 'X-Forwarded-For': `10.0.${at % 7}.1` }
    if (who === 'key') headers['X-API-Key'] = apiKey
    else if (who === 'bad') headers['Authorization'] = `Bearer ${tokens.ben.slice(0, -3)}abc`
    else if (who !== 'nobody') headers['Authorization'] = `Bearer ${tokens[who]}`
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    if (method === 'OPTIONS')
      Object.assign(headers, { Origin: 'http://localhost:5173', 'Access-Control-Request-Method': 'GET' })
    const answer = await send(url + path, { method, headers, body: body ?? null, dispatcher: agent })
    await answer.body.dump()
  }
  // Twice all at once, so that limits are reached and the steps of different exchanges interleave.
  await Promise.all([...requests, ...requests, ...requests].map(ask))
  await opened.flush()
  await agent.close()
  close = async () => {
    await opened.close(200)
    await services.close()
    rmSync(root, { recursive: true, force: true })
  }
}, 60_000)
afterAll(() => close(), 30_000)

type Who = 'anna' | 'ben' | 'carla' | 'key' | 'bad' | 'nobody'
const requests: readonly (readonly [method: string, path: string, who: Who, body?: string])[] = [
  ...Array.from({ length: 12 }, (_, at) => ['GET', `/books/${at + 1}`, 'ben'] as const),
  ['GET', '/books', 'key'],
  ['GET', '/books?limit=-1', 'anna'],
  ['GET', '/books', 'nobody'],
  ['GET', '/books/1', 'bad'],
  ['OPTIONS', '/books', 'nobody'],
  ['PATCH', '/books/1', 'ben', '{"priceCents":499}'],
  ['PATCH', '/books/1', 'anna', '{"priceCents":499}'],
  ['PATCH', '/books/1', 'anna', '{"priceCents":"x","owner":"me"}'],
  ['GET', `/search?q=${encodeURIComponent("x' OR 1=1 --")}`, 'ben'],
  ['GET', '/search?q=whale', 'carla'],
  ['POST', '/books/1/reviews', 'ben', '{"rating":5,"text":"<script>alert(1)</script>"}'],
  ['POST', '/books/1/cover-import', 'ben', '{"url":"http://127.0.0.1/x"}'],
  ['GET', '/orders/1001', 'anna'],
  ['GET', '/orders/1002', 'anna'],
  ['GET', '/users/me', 'carla'],
  ['GET', '/v0/orders/1001', 'anna'],
  ['GET', '/lab/echo', 'nobody'],
  ['GET', '/nowhere', 'nobody'],
]

const essence = (trace: readonly TraceEntry[]) =>
  trace
    .filter((entry) => entry.reason !== 'not reached')
    .map(({ policy, phase, verdict, code, branch, evidence }) => ({ policy, phase, verdict, code, branch, evidence }))

async function readAndJudge(secrets: 'open' | 'sealed') {
  const captures = openCaptures(folder, await loadWorkspaceKey(folder, {}))
  const records = [...captures.iterate({ secrets })]
  return { records, again: await rejudge(await loaded(folder), records) }
}

test('the load met every policy type', async () => {
  const { records } = await readAndJudge('open')
  expect(records.length).toBe(requests.length * 3)
  const met = new Set(records.flatMap((record) => record.trace.map((entry) => entry.type)))
  expect([...met].sort()).toEqual(policies.map((policy) => policy.type).sort())
})

test('every exchange of the store is decided again as it was', async () => {
  const { records, again } = await readAndJudge('open')
  for (const [at, record] of records.entries()) {
    expect(outcome(again[at]!)).toEqual(recorded(record))
    expect(essence(again[at]!.trace)).toEqual(essence(record.trace))
  }
})

test('when the secrets are gone, tags and facts still decide; what cannot be read is undecidable by name', async () => {
  const { records, again } = await readAndJudge('sealed')
  let undecidable = 0
  for (const [at, record] of records.entries()) {
    if (again[at]!.verdict !== 'undecidable') expect(outcome(again[at]!)).toEqual(recorded(record))
    else {
      undecidable++
      expect(again[at]!.trace.find((entry) => entry.verdict === 'undecidable')?.reason).toMatch(
        /^(?:header|query|body|path)/,
      )
    }
  }
  expect(undecidable).toBeLessThan(records.length / 4)
})

test('read column by column it is judged alike, with and without the record’s help', async () => {
  const workspace = await loaded(folder)
  const key = await loadWorkspaceKey(folder, {})
  const traffic = new CapturedTraffic(folder, key)
  await traffic.refresh()
  const file = join(folder, 'gatehouse.yaml')
  const text = readFileSync(file, 'utf8')
  const edits = [
    text,
    text.replace('reader: [GET], editor: [GET, PATCH]', 'reader: [GET, PATCH], editor: [GET]'),
    text.replace('existing: overwrite, ', '').replace('fields: [/pin', 'fields: [/name, /pin'),
    text.replace('url: 2kb', 'url: 14').replace('10.0.0.0/8,', '10.0.4.0/22,'),
    text.replace('      - use: fair-use  ', '      #').replace('limit: 60', 'limit: 20'),
  ]
  const { records } = await readAndJudge('open')
  const plain = new RecordsTraffic(records)
  for (const edit of edits) {
    const loading = await loadWorkspace(folder, { env: {}, readOnly: true, overlay: new Map([[file, edit]]) })
    const candidate = loading.workspace!
    const judge = (source: Traffic, reuse: boolean) =>
      judgeEdit({
        baseline: workspace,
        candidate,
        traffic: source,
        recordedUnder: () => workspace,
        facts: new SharedFacts(key),
        reuse,
      })
    const whole = await judge(plain, false)
    if (edit === text) expect(whole).toMatchObject({ same: records.length, changes: [] })
    else expect(whole.changes.length).toBeGreaterThan(0)
    for (const [source, reuse] of [
      [plain, true],
      [traffic, true],
      [traffic, false],
    ] as const) {
      expect(essential(await judge(source, reuse))).toEqual(essential(whole))
    }
  }
  traffic.close()
})

function essential(report: WhatIfReport) {
  const changes = report.changes.map((change) => ({ ...change, order: 0, warming: undefined }))
  return { ...report, changes, milliseconds: 0, reused: 0, warming: 0 }
}

function outcome({ verdict, code, decidedBy }: { verdict: string; code?: string; decidedBy?: string }) {
  return { verdict, code, decidedBy }
}

/** What policies decided; a refusal by the gateway itself is none. */
function recorded({ verdict, code, decidedBy }: StoredExchange) {
  const own = verdict === 'deny' || verdict === 'respond'
  return { verdict: own ? verdict : 'pass', code: own ? code : undefined, decidedBy }
}
