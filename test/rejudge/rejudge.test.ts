import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agent, request as send } from 'undici'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { rejudge } from '../../gateway-core/rejudge/rejudge.ts'
import { loaded, testGateway, testUpstream } from '../gateway-fixture.ts'

// Small limits, so that a few dozen requests exhaust each of them; shared counters, so that the order of steps decides.
const policies = `
policies:
  - real-ip: { trusted: [127.0.0.0/8] }
  - ip-restriction: { deny: [10.6.0.0/16] }
  - security-headers
apis:
  - name: shop
    policies:
      - rate-limiting: { name: all, limit: 40, window: 1h, by: api, algorithm: fixed-window }
      - any-of:
          - key-auth: { header: X-Key }
          - ip-restriction: { name: office, allow: [10.1.0.0/16] }
    routes:
      - path: /fixed
        upstream: up
        policies:
          - rate-limiting: { limit: 5, window: 1h, by: ip, algorithm: fixed-window }
      - path: /sliding
        upstream: up
        policies:
          - rate-limiting: { limit: 4, window: 1s, by: ip, algorithm: sliding-window, countDenied: true }
      - path: /bucket
        upstream: up
        policies:
          - rate-limiting: { limit: 20, window: 1s, by: consumer, algorithm: token-bucket, burst: 3 }
      - path: /leaky
        upstream: up
        policies:
          - rate-limiting: { limit: 10, window: 1s, by: ip, algorithm: leaky-bucket, burst: 2 }
          - quota: { limit: 6, period: day, by: ip }
      - path: /when
        upstream: up
        policies:
          - ip-restriction: { name: shadowed, mode: shadow, deny: [10.2.0.0/16] }
          - rate-limiting: { limit: 2, window: 1h, by: ip, when: 'request.query.contains("strict")' }
`

const workspace = (upstream: string) => `
upstreams: { up: ${upstream} }
consumers:
  - { name: anna, groups: [readers], keys: ["\${env:ANNA}"] }
  - { name: ben, groups: [], keys: ["\${env:BEN}"] }
${policies}`

const keys = { ANNA: 'anna-key-0123456789', BEN: 'ben-key-0123456789' }

const requests = fc.array(
  fc.record({
    path: fc.constantFrom('/fixed', '/sliding', '/bucket', '/leaky', '/when', '/when?strict=1', '/nowhere'),
    address: fc.constantFrom('10.1.0.1', '10.2.0.1', '10.3.0.1', '10.6.0.1'),
    key: fc.constantFrom(keys.ANNA, keys.BEN, 'wrong', undefined),
  }),
  { minLength: 20, maxLength: 60 },
)

const essence = (trace: readonly TraceEntry[]) =>
  trace.map(({ policy, phase, verdict, code, branch, evidence }) => ({
    policy,
    phase,
    verdict,
    code,
    branch,
    evidence,
  }))

const verdictOf = (record: ExchangeRecord) =>
  record.trace.length > 0 && record.verdict === 'refused' ? 'pass' : record.verdict

test('judging again with the same policies gives each exchange the outcome it had, under concurrent load', async () => {
  const upstream = await testUpstream()
  const agent = new Agent({ connections: 16 })
  try {
    await fc.assert(
      fc.asyncProperty(requests, async (plan) => {
        const gate = await testGateway(workspace(upstream.url), {}, keys)
        try {
          await Promise.all(
            plan.map(async ({ path, address, key }) => {
              const headers = { 'X-Forwarded-For': address, ...(key === undefined ? {} : { 'X-Key': key }) }
              const answer = await send(gate.url + path, { headers, dispatcher: agent })
              await answer.body.dump()
            }),
          )
          const { records } = gate
          expect(records).toHaveLength(plan.length)
          const again = await rejudge(await loaded(gate.folder, keys), records)
          for (const [at, record] of records.entries()) {
            const { verdict, code, decidedBy, trace } = again[at]!
            const recorded = {
              verdict: verdictOf(record),
              code: record.verdict === 'refused' ? undefined : record.code,
              decidedBy: record.decidedBy,
            }
            expect({ verdict, code, decidedBy }).toEqual(recorded)
            expect(essence(trace)).toEqual(essence(record.trace))
          }
        } finally {
          await gate.close()
        }
      }),
      { numRuns: 15 },
    )
  } finally {
    await agent.close()
    await upstream.close()
  }
})
