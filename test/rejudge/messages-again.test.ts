import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deny, type TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { CountAnswer } from '../../gateway-core/pipeline/state.ts'
import { rejudge } from '../../gateway-core/rejudge/rejudge.ts'
import { listen, policyOfMessages, talk, talked, talkingUpstream } from './talking.ts'

const workspace = (upstream: string) => `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: ${upstream} }
policies:
  - real-ip: { trusted: [127.0.0.0/8] }
apis:
  - name: chat
    upstream: up
    routes:
      - path: /both
        policies:
          - data-mask: { apply: [request, response], fields: [/pin], detect: [card] }
      - path: /asked
        policies:
          - data-mask: { apply: [request], fields: ['/**/word'], with: tokenize }
      - path: /twice
        policies:
          - data-mask: { name: cards, apply: [response], detect: [card] }
          - data-mask: { name: mails, apply: [request, response], detect: [email], with: hash }
      - path: /shadow
        policies:
          - data-mask: { mode: shadow, apply: [request, response], fields: [/pin] }
      - path: /when
        policies:
          - data-mask: { when: 'request.query.contains("strict")', apply: [request, response], fields: [/pin] }
      - path: /plain
`

/** Counts the messages of all exchanges together, denies those beyond, and takes its time with some. */
const talkative = policyOfMessages('talkative', (_, { message, clientAddress }, judge) => {
  const { text } = message!.body
  const key = text.includes('all') ? 'all' : clientAddress
  const operation = { op: 'count', key, by: 1, resetAt: judge.now + 3_600_000, limit: 6 } as const
  const { allowed, count } = judge.state.apply(operation) as CountAnswer
  const evidence = [{ at: { in: 'state' }, observed: count } as const]
  const outcome = allowed ? ({ verdict: 'pass', evidence } as const) : deny('LIMIT_REACHED', evidence)
  return text.includes('slowly') ? Promise.resolve(outcome) : outcome
})

const texts = fc.constantFrom<string>(
  '{"pin":"4711","n":1}',
  '{"a":{"word":"sesame"},"to":"all"}',
  'card 4111 1111 1111 1111 slowly',
  '["ada@example.com", 7]',
  'all, slowly',
  '{"pin":',
  'plain',
)
const exchanges = fc.array(
  fc.record({
    kind: fc.constantFrom<string>('socket', 'socket', 'events'),
    path: fc.constantFrom<string>('/both', '/asked', '/twice', '/shadow', '/when', '/when?strict=1', '/plain'),
    address: fc.constantFrom<string>('10.1.0.1', '10.2.0.1'),
    said: fc.array(texts, { maxLength: 6 }),
  }),
  { minLength: 4, maxLength: 12 },
)

const essence = (trace: readonly TraceEntry[]) =>
  trace.map(({ policy, phase, verdict, code, branch, evidence, reason }) => ({
    policy,
    phase,
    verdict,
    code,
    branch,
    evidence,
    reason,
  }))

/** What every run comes to, whatever the others draw. */
const everything = [
  { kind: 'socket', path: '/both', address: '10.1.0.1', said: ['{"pin":"4711","n":1}', 'plain'] },
  { kind: 'socket', path: '/plain', address: '10.2.0.1', said: ['plain', 'all, slowly', 'plain', 'plain', 'plain'] },
  {
    kind: 'events',
    path: '/twice',
    address: '10.3.0.1',
    said: ['["ada@example.com", 7]', 'b', 'c', 'd', 'e', 'f', 'g'],
  },
]

test('messages that are judged again by the same policies come to what they came to, under concurrent load', async () => {
  const upstream = await talkingUpstream()
  const seen = new Set<string>()
  try {
    await fc.assert(
      fc.asyncProperty(exchanges, async (plan) => {
        const gate = await talked(
          workspace(upstream.url),
          [talkative],
          plan.map(({ kind, path, address, said }) => (url) => {
            return (kind === 'socket' ? talk : listen)(url + path, address, said)
          }),
        )
        const { records, messagesOf } = gate
        const again = await rejudge(await gate.load(), records, { messages: messagesOf })
        for (const [at, record] of records.entries()) {
          const { verdict, code, decidedBy, trace, messages = [] } = again[at]!
          expect({ verdict, code, decidedBy }).toEqual({
            verdict: record.verdict,
            code: record.code,
            decidedBy: record.decidedBy,
          })
          expect(essence(trace)).toEqual(essence(record.trace))
          const recorded = messagesOf(record.id).filter(({ kind }) => kind !== 'close')
          const told = recorded.map(({ number, trace: steps, fate, bytes, sent = bytes }) => {
            seen.add(`${record.upgrade ?? 'events'} ${fate}${sent === bytes ? '' : ' changed'}`)
            return [number, essence(steps), fate === 'denied' ? undefined : Buffer.from(sent).toString()]
          })
          const judged = messages.map((one) => [
            one.number,
            essence(one.trace),
            one.sent && String(Buffer.from(one.sent)),
          ])
          expect(judged).toEqual(told)
        }
        gate.close()
      }),
      { numRuns: 20, examples: [[everything]] },
    )
  } finally {
    await upstream.close()
  }
  const kinds = ['denied', 'sent', 'sent changed']
  expect([...seen].sort()).toEqual(['events', 'websocket'].flatMap((kind) => kinds.map((fate) => `${kind} ${fate}`)))
}, 120_000)
