import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deny, modify, pass } from '../../gateway-core/pipeline/outcome.ts'
import type { PolicyInstance } from '../../gateway-core/pipeline/plan.ts'
import type { CountAnswer } from '../../gateway-core/pipeline/state.ts'
import { judgeEdit } from '../../gateway-core/rejudge/judge-edit.ts'
import type { MessageAsStored } from '../../gateway-core/rejudge/recorded-message.ts'
import { SharedFacts } from '../../gateway-core/rejudge/shared-facts.ts'
import { RecordsTraffic } from '../../gateway-core/rejudge/traffic.ts'
import { listen, policyOfMessages, talk, type Talked, talked, talkingUpstream, withPolicies } from './talking.ts'

const refusing = (name: string, word: string) =>
  policyOfMessages(name, (_, { message }) =>
    message!.body.text.includes(word) ? deny('INJECTION_DETECTED', []) : pass,
  )
const noDrop = refusing('no-drop', 'drop')

let gate: Talked
let upstream: Awaited<ReturnType<typeof talkingUpstream>>

beforeAll(async () => {
  upstream = await talkingUpstream()
  const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: ${upstream.url} }
apis:
  - name: chat
    upstream: up
    policies:
      - data-mask: { apply: [request, response], fields: [/pin] }
    routes: [ { path: '/*' } ]
`
  gate = await talked(
    yaml,
    [noDrop],
    [
      (url) => talk(`${url}/polite`, '10.1.0.1', ['hello', '{"pin":"1"}', 'good bye']),
      (url) => talk(`${url}/rude`, '10.1.0.1', ['drop it']),
      (url) => listen(`${url}/news`, '10.1.0.1', ['a good day', 'drop it']),
      (url) => talk(`${url}/silent`, '10.1.0.1', []),
    ],
  )
}, 30_000)
afterAll(async () => {
  gate.close()
  await upstream.close()
})

/** What putting other policies of messages in the place of `no-drop` makes of each exchange, by its path. */
async function edited(
  policies: readonly PolicyInstance[],
  messagesOf: (exchange: string) => readonly MessageAsStored[] | undefined = gate.messagesOf,
  reuse = true,
) {
  const baseline = await gate.load()
  const candidate = await gate.load()
  for (const { plan } of candidate.routes) {
    for (const list of [plan.phases.message, plan.instances] as unknown[][]) list.pop()
  }
  withPolicies(candidate, ...policies)
  const report = await judgeEdit({
    baseline,
    candidate,
    traffic: new RecordsTraffic(gate.records, messagesOf),
    recordedUnder: () => baseline,
    facts: new SharedFacts(undefined),
    reuse,
  })
  const paths = new Map(gate.records.map(({ id, request }) => [id, request.path]))
  const changes = report.changes.map(({ id, kind, message, before, after, missing }) => ({
    path: paths.get(id),
    kind,
    number: message?.number,
    side: message?.side,
    before: before.code ?? before.verdict,
    after: after.code ?? after.verdict,
    missing,
  }))
  return changes.sort((one, other) => one.path!.localeCompare(other.path!))
}

const polite = () => gate.records.find(({ request }) => request.path === '/polite')!.id
const rude = { path: '/rude', number: 1, side: 'request' }
const wasRude = { before: 'INJECTION_DETECTED', missing: undefined }

test('messages that are denied now and that pass now count as their exchange, by the first that ends otherwise', async () => {
  expect(await edited([refusing('no-good', 'good')])).toEqual([
    { ...wasRude, path: '/news', kind: 'newlyDenied', number: 1, side: 'response', after: 'INJECTION_DETECTED' },
    {
      path: '/polite',
      kind: 'newlyDenied',
      number: gate.messagesOf(polite()).find(({ bytes }) => String(bytes) === 'good bye')!.number,
      side: 'request',
      before: 'pass',
      after: 'INJECTION_DETECTED',
      missing: undefined,
    },
    { ...wasRude, ...rude, kind: 'newlyAllowed', after: 'pass' },
  ])
})

test('a denial is found behind a message that goes on with other content', async () => {
  const polite = policyOfMessages('polite', (_, { message }) =>
    message!.body.text === 'hello' ? modify([{ kind: 'set-body', bytes: Buffer.from('HELLO') }]) : pass,
  )
  expect(await edited([noDrop, polite])).toMatchObject([{ path: '/polite', kind: 'transformed', number: 1 }])
  const changes = await edited([noDrop, polite, refusing('no-bye', 'bye')])
  expect(changes).toMatchObject([{ path: '/polite', kind: 'newlyDenied', after: 'INJECTION_DETECTED' }])
  expect(changes[0]!.number).toBeGreaterThan(1)
})

test('one that another policy denies counts as such', async () => {
  expect(await edited([refusing('other', 'drop')])).toEqual([
    { ...wasRude, path: '/news', kind: 'otherPolicy', number: 2, side: 'response', after: 'INJECTION_DETECTED' },
    { ...wasRude, ...rude, kind: 'otherPolicy', after: 'INJECTION_DETECTED' },
  ])
})

test('one that another policy denies in front of it alike, and one that lets everything pass, changes nothing', async () => {
  expect(await edited([noDrop])).toEqual([])
  expect(await edited([noDrop, policyOfMessages('patient', () => pass)])).toEqual([])
})

test('counters count messages in their order among all exchanges, at the time of each', async () => {
  // Of nine messages of one caller the last ones are too many; whichever exchange they came in.
  const counting = policyOfMessages('at-most', (_, { clientAddress }, judge) => {
    const resetAt = judge.now + 3_600_000
    const { allowed } = judge.state.apply({ op: 'count', key: clientAddress, by: 1, resetAt, limit: 3 }) as CountAnswer
    return allowed ? pass : deny('LIMIT_REACHED', [])
  })
  const changes = await edited([noDrop, counting])
  expect(changes.length).toBeGreaterThan(0)
  for (const { kind, after } of changes) expect([kind, after]).toEqual(['newlyDenied', 'LIMIT_REACHED'])
  // Those that pass are the first three of all that were let through then.
  const places = gate.records.flatMap(({ id }) =>
    gate.messagesOf(id).flatMap(({ number, trace }) => (trace[0] ? [{ id, number, at: trace[0].sequence }] : [])),
  )
  places.sort((one, other) => one.at - other.at)
  const beyond = new Set(places.slice(3).map(({ id }) => id))
  const denied = new Set(gate.records.filter(({ verdict }) => verdict === 'deny').map(({ id }) => id))
  const lost = changes.map(({ path }) => gate.records.find(({ request }) => request.path === path)!.id)
  expect(lost.every((id) => beyond.has(id) || denied.has(id))).toBe(true)
})

test('taking from the record what an edit leaves alone gives what judging everything gives', async () => {
  const few = policyOfMessages('few', (_, { message }, judge) => {
    const { allowed } = judge.state.apply({
      op: 'count',
      key: 'x',
      by: message!.body.bytes.length,
      resetAt: judge.now + 1000,
      limit: 30,
    }) as CountAnswer
    return allowed ? pass : deny('LIMIT_REACHED', [])
  })
  const shorter = policyOfMessages('shorter', (_, { message }) => {
    const { text } = message!.body
    return text.length < 6 ? pass : modify([{ kind: 'set-body', bytes: Buffer.from(text.slice(0, 6)) }])
  })
  const shadow: PolicyInstance = { ...refusing('watching', 'l'), mode: 'shadow' }
  const some = [noDrop, refusing('no-good', 'good'), few, shorter, shadow]
  const orders = fc.shuffledSubarray(some)
  await fc.assert(
    fc.asyncProperty(orders, async (policies) => {
      expect(await edited(policies)).toEqual(await edited(policies, gate.messagesOf, false))
    }),
    { numRuns: 40 },
  )
})

const lacking = (missing: string) => ({ kind: 'undecidable', after: 'undecidable', missing })

test('what was not recorded is not invented', async () => {
  const nothing = await edited([refusing('no-good', 'good')], () => undefined)
  expect(nothing).toMatchObject(
    ['/news', '/polite', '/rude', '/silent'].map((path) => ({ path, ...lacking('messages') })),
  )
  const first = (exchange: string) => gate.messagesOf(exchange).filter(({ number }) => number > 1)
  const gap = await edited([refusing('no-good', 'good')], first)
  expect(gap.find(({ path }) => path === '/polite')).toMatchObject(lacking('messages'))
  const cut = (exchange: string) =>
    gate.messagesOf(exchange).map((one) => ({ ...one, bytes: one.bytes.subarray(0, 2), truncated: true }))
  const short = await edited([refusing('no-good', 'good')], cut)
  expect(short.find(({ path }) => path === '/polite')).toMatchObject({ ...lacking('message-body'), number: 1 })
  // Who does not read it does not miss it.
  expect(await edited([policyOfMessages('deaf', () => deny('INJECTION_DETECTED', []))], cut)).not.toContainEqual(
    expect.objectContaining({ kind: 'undecidable' }),
  )
})
