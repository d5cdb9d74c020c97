import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { judgeEdit } from '../../gateway-core/rejudge/judge-edit.ts'
import { SharedFacts } from '../../gateway-core/rejudge/shared-facts.ts'
import { RecordsTraffic } from '../../gateway-core/rejudge/traffic.ts'
import {
  loaded,
  type TestGateway,
  testGateway,
  testUpstream,
  type TestUpstream,
  workspaceFolder,
} from '../gateway-fixture.ts'
import { ask } from '../proxy/asking.ts'

// Which requests are refused because servers read them differently (docs/decisions/0180, 0190) hangs on which routes
// differ in their policies: an edit of a policy changes it for requests of another route.

const guard = 'policies: [ip-restriction: { deny: [127.0.0.0/8] }]'
const routes = {
  open: `
      - { path: /admin/* }
      - { path: /orders, methods: [GET, POST] }
      - { path: /orders, methods: [DELETE] }
      - { default: true }`,
  guarded: `
      - { path: /admin/*, ${guard} }
      - { path: /orders, methods: [GET, POST] }
      - { path: /orders, methods: [DELETE], ${guard} }
      - { default: true }`,
  spelled: `
      - { path: /admin/*, ${guard} }
      - { path: /orders, methods: [GET, POST] }
      - { path: /orders, methods: [DELETE], ${guard} }
      - { path: { expression: "//admin/.*" } }
      - { default: true }`,
}
type Version = keyof typeof routes

let upstream: TestUpstream
const gateways: TestGateway[] = []
beforeAll(async () => {
  upstream = await testUpstream()
})
afterAll(async () => {
  for (const gateway of gateways) await gateway.close()
  await upstream.close()
})

const yaml = (version: Version) => `upstreams: { app: "${upstream.url}" }
apis:
  - name: shop
    upstream: app
    routes:${routes[version]}
`

/** Requests recorded by a gateway: a plain one, one that some servers read as `/admin/x`, one that some take for a DELETE. */
async function recordedUnder(version: Version) {
  const gateway = await testGateway(yaml(version))
  gateways.push(gateway)
  const paths = ['/books', '//admin/x', '/ADMIN;a/x']
  for (const path of paths) await ask(gateway.url, { path })
  const order = gateway.next()
  await ask(gateway.url, { path: '/orders', method: 'POST', headers: { 'X-HTTP-Method-Override': 'DELETE' } })
  await order
  const key = await loadWorkspaceKey(gateway.folder, {})
  const GATEHOUSE_KEY = readFileSync(`${gateway.folder}/.gatehouse/key`, 'utf8').trim()
  const workspaceOf = async (one: Version): Promise<Workspace> => {
    const place = workspaceFolder({
      'gatehouse.yaml': `gatehouse: 1\nlisten: { http: "127.0.0.1:0" }\n${yaml(one)}`,
    })
    try {
      return await loaded(place.folder, { GATEHOUSE_KEY })
    } finally {
      place.remove()
    }
  }
  return { records: [...gateway.records], key, workspaceOf }
}

const refused = ['refused', 'AMBIGUOUS_ROUTE']
const allowed = ['pass', undefined]

describe.each([true, false])(
  'what servers read differently is judged again, taking steps from the record: %s',
  (reuse) => {
    test.each<[from: Version, to: Version, counts: object, changed: unknown[][]]>([
      ['open', 'open', { same: 4 }, []],
      ['guarded', 'guarded', { same: 4 }, []],
      [
        'open',
        'guarded',
        { same: 1, newlyDenied: 3 },
        [
          [allowed, refused],
          [allowed, refused],
          [allowed, refused],
        ],
      ],
      [
        'guarded',
        'open',
        { same: 1, newlyAllowed: 3 },
        [
          [refused, allowed],
          [refused, allowed],
          [refused, allowed],
        ],
      ],
      ['guarded', 'spelled', { same: 3, newlyAllowed: 1 }, [[refused, allowed]]],
    ])('recorded as %s, edited to %s', async (from, to, counts, changed) => {
      const { records, key, workspaceOf } = await recordedUnder(from)
      const [baseline, candidate] = [await workspaceOf(from), await workspaceOf(to)]
      const report = await judgeEdit({
        baseline,
        candidate,
        traffic: new RecordsTraffic(records),
        recordedUnder: () => baseline,
        facts: new SharedFacts(key),
        reuse,
      })
      expect(report).toMatchObject({ exchanges: 4, judged: 4, undecidable: 0, ...counts })
      expect(
        report.changes.map(({ before, after }) => [before, after].map(({ verdict, code }) => [verdict, code])),
      ).toEqual(changed)
    })
  },
)
