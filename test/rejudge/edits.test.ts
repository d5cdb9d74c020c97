import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Agent, request as send } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import { judgeEdit } from '../../gateway-core/rejudge/judge-edit.ts'
import { SharedFacts } from '../../gateway-core/rejudge/shared-facts.ts'
import { RecordsTraffic } from '../../gateway-core/rejudge/traffic.ts'
import type { WhatIfReport } from '../../gateway-core/rejudge/what-if.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { loaded, testGateway, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

// Each place of the workspace is written in several ways; an edit is another choice at some of them.
const places = {
  deny: ['[10.6.0.0/16]', '[10.2.0.0/16]', '[10.6.0.0/16, 10.1.0.1]', '[192.168.0.0/16]'],
  all: ['limit: 40', 'limit: 15', 'limit: 40, countDenied: true'],
  fixed: ['limit: 5', 'limit: 2', 'limit: 9', 'limit: 5, by: consumer'],
  sliding: ['limit: 4', 'limit: 4, mode: shadow', 'limit: 3, burst: 1'],
  headers: [
    '',
    '- response-transformer: { headers: { set: { X-Extra: one } } }',
    '- request-transformer: { headers: { set: { X-Caller: "{client.address}" } } }',
  ],
  order: [
    '- quota: { limit: 6, period: day, by: ip }\n          - acl: { allow: { groups: [readers] }, name: readers }',
    '- acl: { allow: { groups: [readers] }, name: readers }\n          - quota: { limit: 6, period: day, by: ip }',
    '- quota: { limit: 3, period: day, by: ip }',
  ],
  when: ["request.query.contains('strict')", "!request.query.contains('strict')"],
  path: ['/when', '/elsewhere', '/when/*'],
} as const

type Choice = Readonly<Record<keyof typeof places, number>>

const yaml = (choice: Choice, upstream: string) => {
  const at = (name: keyof typeof places): string => places[name][choice[name]]!
  return `upstreams: { up: ${upstream} }
consumers:
  - { name: anna, groups: [readers], keys: ["\${env:ANNA}"] }
  - { name: ben, groups: [], keys: ["\${env:BEN}"] }
policies:
  - real-ip: { trusted: [127.0.0.0/8] }
  - ip-restriction: { deny: ${at('deny')} }
  - security-headers
  ${at('headers')}
apis:
  - name: shop
    policies:
      - rate-limiting: { name: all, ${at('all')}, window: 1h, by: api, algorithm: fixed-window }
      - any-of:
          - key-auth: { header: X-Key }
          - ip-restriction: { name: office, allow: [10.1.0.0/16] }
    routes:
      - path: /fixed
        upstream: up
        policies:
          - rate-limiting: { ${at('fixed').includes('by:') ? at('fixed') : `${at('fixed')}, by: ip`}, window: 1h, algorithm: fixed-window }
      - path: /sliding
        upstream: up
        policies:
          - rate-limiting: { ${at('sliding')}, window: 1h, by: ip, algorithm: sliding-window }
      - path: /quota
        upstream: up
        policies:
          ${at('order')}
      - path: ${at('path')}
        upstream: up
        policies:
          - rate-limiting: { limit: 2, window: 1h, by: ip, when: "${at('when')}" }
`
}

const keys = { ANNA: 'anna-key-0123456789', BEN: 'ben-key-0123456789' }
const first: Choice = { deny: 0, all: 0, fixed: 0, sliding: 0, headers: 0, order: 0, when: 0, path: 0 }
const choices = fc.record(
  Object.fromEntries(
    Object.entries(places).map(([name, ways]) => [name, fc.constantFrom(...ways.keys(), 0, 0)]),
  ) as Record<keyof typeof places, fc.Arbitrary<number>>,
)

let records: ExchangeRecord[]
let folder: string
let upstreamUrl: string
const closing: (() => Promise<unknown> | void)[] = []

beforeAll(async () => {
  const upstream = await testUpstream()
  upstreamUrl = upstream.url
  const gate = await testGateway(yaml(first, upstream.url), {}, keys)
  const agent = new Agent({ connections: 16 })
  closing.push(
    () => gate.close(),
    () => upstream.close(),
    () => agent.close(),
  )
  folder = gate.folder
  const paths = ['/fixed', '/sliding', '/quota', '/when', '/when?strict=1', '/nowhere', '/fixed?again=1']
  const addresses = ['10.1.0.1', '10.2.0.1', '10.3.0.1', '10.6.0.1']
  // All at once, so that the steps of different exchanges stand between each other.
  await Promise.all(
    Array.from({ length: 120 }, async (_, at) => {
      const key = [keys.ANNA, keys.BEN, 'wrong', undefined][(at * 7) % 4]
      const headers = { 'X-Forwarded-For': addresses[at % 4]!, ...(key === undefined ? {} : { 'X-Key': key }) }
      const answer = await send(gate.url + paths[at % paths.length]!, { headers, dispatcher: agent })
      await answer.body.dump()
    }),
  )
  records = [...gate.records]
})
afterAll(async () => {
  for (const close of closing) await close()
})

async function workspaceOf(choice: Choice): Promise<Workspace> {
  const place = workspaceFolder({
    'gatehouse.yaml': `gatehouse: 1\nlisten: { http: "127.0.0.1:0" }\n${yaml(choice, upstreamUrl)}`,
  })
  try {
    // Tags are those of the recording gateway only under its key.
    return await loaded(place.folder, { ...keys, GATEHOUSE_KEY: keyOf() })
  } finally {
    place.remove()
  }
}

function keyOf(): string {
  return readFileSync(`${folder}/.gatehouse/key`, 'utf8').trim()
}

function essence({ changes, ...counts }: WhatIfReport) {
  const { reused: _, warming: __, milliseconds: ___, ...rest } = counts
  return { ...rest, changes: changes.map(({ warming: ____, ...change }) => change) }
}

// What was counted then and is not reached any more: nothing that the edit touches runs a limiter before that is asked.
const routeMoved: [Choice, Choice] = [
  { ...first, deny: 2, when: 1, path: 1 },
  { ...first, deny: 2, fixed: 1, headers: 2 },
]

test('an edit has the same effect whether or not steps are taken from the record', async () => {
  const key = await loadWorkspaceKey(folder, {})
  const traffic = new RecordsTraffic(records)
  const recorded = await loaded(folder, keys)
  const recordedUnder = () => recorded
  await fc.assert(
    fc.asyncProperty(choices, choices, async (one, other) => {
      const [baseline, candidate] = [await workspaceOf(one), await workspaceOf(other)]
      const edit = { baseline, candidate, traffic, recordedUnder, facts: new SharedFacts(key) }
      const reused = essence(await judgeEdit(edit))
      const whole = essence(await judgeEdit({ ...edit, reuse: false }))
      expect(reused).toEqual(whole)
      const { same, newlyDenied, newlyAllowed, otherPolicy, transformed, undecidable } = reused
      expect(same + newlyDenied + newlyAllowed + otherPolicy + transformed + undecidable).toBe(records.length)
    }),
    { numRuns: 60, examples: [routeMoved] },
  )
}, 60_000)

test('the policies that recorded it change nothing, with and without reuse', async () => {
  const workspace = await loaded(folder, keys)
  const traffic = new RecordsTraffic(records)
  for (const reuse of [true, false]) {
    const facts = new SharedFacts(undefined)
    const report = await judgeEdit({
      baseline: workspace,
      candidate: workspace,
      traffic,
      recordedUnder: () => workspace,
      facts,
      reuse,
    })
    expect(report).toMatchObject({ exchanges: 120, judged: 120, same: 120, changes: [], done: true })
    expect(report.reused).toBe(reuse ? 120 : 0)
  }
})
