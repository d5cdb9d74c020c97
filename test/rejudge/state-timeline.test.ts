import fc from 'fast-check'
import { Agent, request as send } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import type { Moment } from '../../gateway-core/rejudge/follower.ts'
import { judgeTraffic } from '../../gateway-core/rejudge/judge-traffic.ts'
import { SharedFacts } from '../../gateway-core/rejudge/shared-facts.ts'
import { stateAt } from '../../gateway-core/rejudge/state-at.ts'
import { type Checkpoint, type Checkpoints, StateTimeline } from '../../gateway-core/rejudge/state-timeline.ts'
import { RecordsTraffic } from '../../gateway-core/rejudge/traffic.ts'
import { loaded, testGateway, testUpstream } from '../gateway-fixture.ts'

const yaml = (upstream: string) => `
upstreams: { up: ${upstream} }
policies:
  - real-ip: { trusted: [127.0.0.0/8] }
  - rate-limiting: { name: all, limit: 60, window: 1h, by: global, algorithm: fixed-window }
apis:
  - name: shop
    upstream: up
    routes:
      - path: /sliding
        policies:
          - rate-limiting: { limit: 9, window: 1h, by: ip, algorithm: sliding-window }
          - rate-limiting: { name: second, limit: 20, window: 1s, by: ip, algorithm: token-bucket }
      - path: /quota
        policies:
          - quota: { limit: 12, period: day, by: ip }
`

let records: ExchangeRecord[]
let workspace: Workspace
const closing: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  const upstream = await testUpstream()
  const gate = await testGateway(yaml(upstream.url))
  const agent = new Agent({ connections: 16 })
  closing.push(
    () => gate.close(),
    () => upstream.close(),
    () => agent.close(),
  )
  await Promise.all(
    Array.from({ length: 200 }, async (_, at) => {
      const headers = { 'X-Forwarded-For': `10.0.0.${at % 5}` }
      const answer = await send(gate.url + ['/sliding', '/quota', '/nowhere'][at % 3]!, { headers, dispatcher: agent })
      await answer.body.dump()
    }),
  )
  records = [...gate.records]
  workspace = await loaded(gate.folder)
})
afterAll(async () => {
  for (const close of closing) await close()
})

function counting(made: (checkpoint: Checkpoint, from: Checkpoint | undefined) => void = () => undefined) {
  const traffic = new RecordsTraffic(records)
  const facts = new SharedFacts(undefined)
  return (until: Moment, checkpoints?: Checkpoints) =>
    judgeTraffic({
      workspace,
      traffic,
      recordedUnder: () => workspace,
      facts: facts.of,
      everyCounter: true,
      until,
      judged: () => undefined,
      ...(checkpoints && {
        checkpoints: {
          ...checkpoints,
          made: (checkpoint) => {
            made(checkpoint, checkpoints.from)
            checkpoints.made(checkpoint)
          },
        },
      }),
    })
}

test('a state is the same, whatever was asked before it', async () => {
  const places = records.flatMap(({ trace }) => trace.map(({ now, sequence }) => ({ now, sequence })))
  const moment = fc.oneof(
    fc.constantFrom(...places).map(({ sequence }) => ({ now: Infinity, sequence })),
    fc.constantFrom(...places).map(({ now }) => ({ now, sequence: Infinity })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 2, maxLength: 6 }), async (moments) => {
      const timeline = new StateTimeline(counting(), 32)
      for (const until of moments) {
        const time = until.now === Infinity ? records.at(-1)!.startedAt : until.now
        const [one, other] = [await timeline.at(until), await counting()(until)]
        expect(stateAt(time, workspace, one)).toEqual(stateAt(time, workspace, other))
      }
    }),
    { numRuns: 40 },
  )
}, 60_000)

test('what was counted once is not counted again', async () => {
  const made: Checkpoint[] = []
  const begun: (number | undefined)[] = []
  const count = counting((checkpoint) => made.push(checkpoint))
  const timeline = new StateTimeline((until, checkpoints) => {
    begun.push(checkpoints.from?.begun)
    return count(until, checkpoints)
  }, 32)
  const end = { now: Infinity, sequence: Infinity }
  await timeline.at(end)
  expect(made.map((checkpoint) => checkpoint.begun)).toEqual([32, 64, 96, 128, 160, 192])
  // Exchanges that were on their way make the difference.
  expect(made.some(({ waiting }) => waiting.length > 0)).toBe(true)
  await timeline.at(end)
  timeline.grown(made[2]!.last)
  await timeline.at(end)
  expect(begun).toEqual([undefined, 192, 64])
})
