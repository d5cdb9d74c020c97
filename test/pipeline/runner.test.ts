import { describe, expect, test } from 'vitest'
import type { RequestMessage } from '../../gateway-core/exchange.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import { compileCondition } from '../../gateway-core/pipeline/condition.ts'
import { ExchangeFacts } from '../../gateway-core/pipeline/exchange-facts.ts'
import { JudgedExchange } from '../../gateway-core/pipeline/judged-exchange.ts'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { deny, modify, pass, type TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { layOut, type PlanNode, type PolicyInstance } from '../../gateway-core/pipeline/plan.ts'
import { type AnyPolicy, definePolicy } from '../../gateway-core/pipeline/policy.ts'
import { RecordedFacts } from '../../gateway-core/pipeline/recorded-facts.ts'
import { Run, type World } from '../../gateway-core/pipeline/runner.ts'

const position = { file: 'gatehouse.yaml', line: 3, column: 5 }

function policy(type: string, phases: AnyPolicy['phases'], countsIn: AnyPolicy['countsIn'] = []): AnyPolicy {
  return definePolicy({
    type,
    docs: { summary: '', owasp: [], example: '' },
    config: { type: 'object' },
    prepare: () => ({}),
    phases,
    countsIn,
  })
}

function instance(definition: AnyPolicy, more: Partial<PolicyInstance> = {}): PolicyInstance {
  const id = `test/${more.name ?? definition.type}`
  const base = {
    id,
    stateId: `${id}#1`,
    name: definition.type,
    mode: 'enforce' as const,
    when: undefined,
    prepared: {},
    position,
    notes: {},
  }
  return { ...base, policy: definition, ...more }
}

const node = (one: PolicyInstance): PlanNode => ({ kind: 'policy', instance: one })
const anyOf = (...branches: PolicyInstance[][]): PlanNode => ({ kind: 'any-of', branches, position })

const evidence = [{ at: { in: 'method' as const }, observed: 'GET' }]
const passes = (type: string) => policy(type, { requestHeaders: () => pass })
const denies = (type: string) => policy(type, { requestHeaders: () => deny('IP_DENIED', evidence) })
const marks = (type: string, name = type) =>
  policy(type, { requestHeaders: () => modify([{ kind: 'set-header', name: 'X-Mark', value: name }]) })

function begin(nodes: PlanNode[][], world: Partial<World> = {}, facts = new RecordedFacts([])) {
  const request: RequestMessage = {
    method: 'GET',
    scheme: 'http',
    authority: 'a.example',
    target: '/x',
    path: '/x',
    query: '',
    headers: new HeaderList([]),
    hasBody: false,
  }
  const exchange = new JudgedExchange('id', 0, { address: '127.0.0.1', port: 1 }, request)
  let sequence = 0
  const timeline = { now: () => 1000, next: () => ++sequence, micros: () => 0 }
  const full: World = { state: new MemoryState(), timeline, onError: 'closed', ...world }
  const run = new Run(
    exchange,
    layOut(nodes, () => []),
    full,
    new ExchangeFacts(facts, exchange),
  )
  return { run, exchange }
}

const line = (entry: TraceEntry) =>
  [entry.policy.slice(5), entry.verdict, entry.code, entry.branch].filter(Boolean).join(' ')

describe('order', () => {
  const both = (type: string) =>
    policy(type, {
      requestHeaders: () => pass,
      responseHeaders: () => pass,
    })
  test('request phases go from the outer scope inwards, response phases back out', async () => {
    const { run, exchange } = begin([
      [node(instance(both('workspace')))],
      [node(instance(both('api')))],
      [node(instance(both('route')))],
    ])
    await run.run('requestHeaders')
    exchange.response = { status: 200, reason: '', headers: new HeaderList([]), from: 'upstream' }
    await run.run('responseHeaders')
    expect(run.trace.map((entry) => entry.policy)).toEqual([
      'test/workspace',
      'test/api',
      'test/route',
      'test/route',
      'test/api',
      'test/workspace',
    ])
  })

  test('a denial ends the request phases, names its policy, and the rest is noted as not reached', async () => {
    const { run } = begin([
      [node(instance(passes('first'))), node(instance(denies('second'))), node(instance(passes('third')))],
    ])
    await run.run('requestHeaders')
    run.noteUnreached()
    expect(run.decision).toMatchObject({ verdict: 'deny', code: 'IP_DENIED', decidedBy: 'test/second' })
    expect(run.trace.map(line)).toEqual(['first pass', 'second deny IP_DENIED', 'third skipped'])
    expect(run.trace[2]!.reason).toBe('not reached')
    expect(run.trace[1]!.position).toEqual(position)
  })

  test('response phases of every policy run over a denial, so that a 401 carries its CORS headers', async () => {
    const adds = policy('adds', {
      responseHeaders: () => modify([{ kind: 'set-header', name: 'X-Seen', value: 'yes' }]),
    })
    const { run, exchange } = begin([[node(instance(denies('no'))), node(instance(adds))]])
    await run.run('requestHeaders')
    exchange.response = { status: 403, reason: '', headers: new HeaderList([]), from: 'gateway' }
    await run.run('responseHeaders')
    expect(exchange.response.headers.get('x-seen')).toBe('yes')
  })

  test('a response of the gateway is not denied a second time', async () => {
    const refuses = policy('refuses', { responseHeaders: () => deny('BODY_INVALID', evidence) })
    const { run, exchange } = begin([[node(instance(denies('no'))), node(instance(refuses))]])
    await run.run('requestHeaders')
    exchange.response = { status: 403, reason: '', headers: new HeaderList([]), from: 'gateway' }
    await run.run('responseHeaders')
    expect(run.decision).toMatchObject({ decidedBy: 'test/no' })
    expect(run.trace.at(-1)).toMatchObject({ verdict: 'would-deny', reason: 'the response is the gateway’s own' })
  })
})

describe('mode shadow', () => {
  test.each([
    ['a denial becomes would-deny', denies('p'), 'p would-deny IP_DENIED'],
    ['a change is noted and not made', marks('p'), 'p modify'],
    [
      'an error is noted',
      policy('p', {
        requestHeaders: () => {
          throw new Error('boom')
        },
      }),
      'p error',
    ],
  ])('%s', async (_, definition, expected) => {
    const { run, exchange } = begin([[node(instance(definition, { mode: 'shadow' })), node(instance(passes('after')))]])
    await run.run('requestHeaders')
    expect(run.decision).toBeUndefined()
    expect(run.trace.map(line)).toEqual([expected, 'after pass'])
    expect(exchange.request.headers.raw).toEqual([])
  })
})

describe('a policy that throws', () => {
  const broken = policy('broken', {
    requestHeaders: () => {
      throw new TypeError('x is undefined')
    },
  })
  const rejects = policy('rejects', { requestHeaders: () => Promise.reject(new Error('late')) })
  test.each([
    ['closed', broken, 'error', 'TypeError: x is undefined'],
    ['closed', rejects, 'error', 'Error: late'],
    ['open', broken, undefined, 'TypeError: x is undefined'],
  ] as const)('onError %s', async (onError, definition, verdict, reason) => {
    const { run } = begin([[node(instance(definition)), node(instance(passes('after')))]], { onError })
    await run.run('requestHeaders')
    expect(run.decision?.verdict).toBe(verdict)
    expect(run.trace[0]).toMatchObject({ verdict: 'error', reason })
    expect(run.trace.length).toBe(onError === 'open' ? 2 : 1)
  })
})

describe('any-of', () => {
  const knows = (type: string, consumer: string) =>
    policy(type, { requestHeaders: () => ({ verdict: 'pass', learned: { consumer: { name: consumer, groups: [] } } }) })
  const challenges = (type: string, code: 'KEY_MISSING' | 'KEY_UNKNOWN' | 'TOKEN_MISSING') =>
    policy(type, { requestHeaders: () => deny(code, evidence, [['WWW-Authenticate', type]]) })

  test('the first branch that passes counts; what a failed branch learned is forgotten', async () => {
    const { run, exchange } = begin([
      [
        anyOf([instance(knows('a', 'anna')), instance(denies('b'))], [instance(passes('c'))]),
        node(instance(passes('d'))),
      ],
    ])
    await run.run('requestHeaders')
    expect(run.decision).toBeUndefined()
    expect(run.trace.map(line)).toEqual([
      'a pass any-of[0]',
      'b deny IP_DENIED any-of[0]',
      'c pass any-of[1]',
      'd pass',
    ])
    expect(exchange.consumer).toBeUndefined()
  })

  test('when all fail, the wrong credential decides over the absent one, and every challenge is offered', async () => {
    const { run } = begin([
      [anyOf([instance(challenges('jwt', 'TOKEN_MISSING'))], [instance(challenges('key', 'KEY_UNKNOWN'))])],
    ])
    await run.run('requestHeaders')
    expect(run.decision).toMatchObject({
      code: 'KEY_UNKNOWN',
      decidedBy: 'test/key',
      headers: [
        ['WWW-Authenticate', 'jwt'],
        ['WWW-Authenticate', 'key'],
      ],
    })
  })

  test('later phases run only for the branch that passed', async () => {
    const twice = (type: string, outcome: () => ReturnType<typeof deny>) =>
      policy(type, { requestHeaders: outcome, responseHeaders: () => pass })
    const { run, exchange } = begin([
      [anyOf([instance(twice('a', () => deny('IP_DENIED', evidence)))], [instance(twice('b', () => pass))])],
    ])
    await run.run('requestHeaders')
    exchange.response = { status: 200, reason: '', headers: new HeaderList([]), from: 'upstream' }
    await run.run('responseHeaders')
    expect(run.trace.map((entry) => `${entry.policy} ${entry.phase}`)).toEqual([
      'test/a requestHeaders',
      'test/b requestHeaders',
      'test/b responseHeaders',
    ])
  })
})

describe('when', () => {
  test.each([
    ['request.method == "GET"', 'p deny IP_DENIED'],
    ['request.method == "POST"', 'p skipped'],
    ['client.address == "127.0.0.1" && route.id == ""', 'p deny IP_DENIED'],
    ['"admins" in consumer.groups', 'p skipped'],
    ['claims.level > 3', 'p deny IP_DENIED'],
  ])('%s → %s', async (when, expected) => {
    const { run } = begin([[node(instance(denies('p'), { when: compileCondition(when) }))]])
    await run.run('requestHeaders')
    expect(run.trace.map(line)).toEqual([expected])
  })

  test('a condition that cannot be evaluated lets the policy run: it fails closed', async () => {
    const { run } = begin([[node(instance(denies('p'), { when: compileCondition('claims.absent.deeper') }))]])
    await run.run('requestHeaders')
    expect(run.decision?.verdict).toBe('deny')
  })
})

describe('facts and state', () => {
  test('a fact that the record lacks makes the step undecidable, with its name', async () => {
    const asks = policy('asks', {
      requestHeaders: (_, __, judge) => {
        judge.facts.tag({ in: 'header', name: 'X-Key' })
        return pass
      },
    })
    const { run } = begin([[node(instance(asks))]])
    await run.run('requestHeaders')
    expect(run.decision).toEqual({ verdict: 'undecidable', decidedBy: 'test/asks', missing: 'tag|header:x-key' })
  })

  test('a step that touches state in a phase that its policy does not name is a bug', async () => {
    const phases: AnyPolicy['phases'] = {
      requestHeaders: async (_, __, judge) => {
        await judge.state.apply({ op: 'get', key: 'a' })
        return pass
      },
    }
    const { run } = begin([[node(instance(policy('wrong', phases, ['responseHeaders'])))]])
    await run.run('requestHeaders')
    expect(run.trace[0]).toMatchObject({ verdict: 'error', reason: expect.stringContaining('countsIn') })
  })

  test('a step that asks facts after touching state is a bug', async () => {
    const asksLate: AnyPolicy['phases'] = {
      requestHeaders: async (_, __, judge) => {
        await judge.state.apply({ op: 'get', key: 'a' })
        judge.facts.random('x')
        return pass
      },
    }
    const wrong = policy('wrong', asksLate, ['requestHeaders'])
    const { run } = begin([[node(instance(wrong))]])
    await run.run('requestHeaders')
    expect(run.trace[0]!.reason).toContain('facts before it touches state')
  })

  test('each step has one place in the global order', async () => {
    const counts = (type: string) =>
      policy(
        type,
        {
          requestHeaders: async (_, __, judge) => {
            await judge.state.apply({ op: 'count', key: 'k', by: 1, resetAt: 5000 })
            await judge.state.apply({ op: 'count', key: 'k', by: 1, resetAt: 5000 })
            return pass
          },
        },
        ['requestHeaders'],
      )
    const { run } = begin([[node(instance(counts('a'))), node(instance(passes('b'))), node(instance(counts('c')))]])
    await run.run('requestHeaders')
    expect(run.trace.map((entry) => entry.sequence)).toEqual([1, 2, 3])
  })
})
