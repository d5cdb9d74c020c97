import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../gateway-core/filter/grammar.ts'
import { followLength, isRight } from '../../gateway-core/intercept/framing.ts'
import { asksForBody, matchesSoFar, type Stage, unknownOn } from '../../gateway-core/filter/known.ts'
import { setAtPointer } from '../../gateway-core/intercept/json-pointer.ts'

const record = {
  id: 'x',
  startedAt: 0,
  clientAddress: '10.0.0.1',
  peer: { address: '10.0.0.1', port: 1 },
  listener: 'http',
  revision: 'r',
  state: 'open',
  verdict: 'pass',
  status: 0,
  trace: [],
  request: {
    method: 'POST',
    scheme: 'http',
    authority: 'shop',
    target: '/books?a=1',
    path: '/books',
    query: 'a=1',
    httpVersion: '1.1',
    headers: ['X-One', 'uno'],
    body: { bytes: Buffer.from('inside'), length: 6, truncated: false },
  },
} as never

describe('a query on half an exchange', () => {
  it.each<[query: string, stage: Stage, wanted: boolean | undefined]>([
    ['', 'request-head', true],
    ['method:POST', 'request-head', true],
    ['method:GET', 'request-head', false],
    ['status:200', 'request-head', undefined],
    ['not status:200', 'request-head', undefined],
    ['method:POST status:200', 'request-head', undefined],
    ['method:GET status:200', 'request-head', false],
    ['method:POST or status:200', 'request-head', true],
    ['not (method:GET and status:200)', 'request-head', true],
    ['req.body:inside', 'request-head', undefined],
    ['req.body:inside', 'request-body', true],
    ['req.size>5', 'request-body', true],
    ['inside', 'request-head', undefined],
    ['inside', 'request-body', true],
    ['uno', 'request-head', true],
    ['req.header.x-one:uno path~^/b', 'request-head', true],
    ['route:x', 'request-body', undefined],
    ['verdict:pass', 'response-body', undefined],
  ])('%j at the %s', (query, stage, wanted) => {
    expect(matchesSoFar(parseFilter(query), record, stage)).toBe(wanted)
  })

  it('says which fields are not known there, bare words aside', () => {
    expect(unknownOn(parseFilter('status:200 route:x path:/a word'), 'request')).toEqual(['status', 'route'])
    expect(unknownOn(parseFilter('status:200 route:x resp.body:a'), 'response')).toEqual([])
    expect(unknownOn(parseFilter('not duration>1s'), 'response')).toEqual(['duration'])
  })

  it('asks for a body only where it can matter', () => {
    expect(asksForBody(parseFilter('path:/a'), 'request')).toBe(false)
    expect(asksForBody(parseFilter('word'), 'request')).toBe(true)
    expect(asksForBody(parseFilter('resp.body:a'), 'request')).toBe(false)
  })
})

describe('lengths', () => {
  it('that were right stay right, whatever the new body; HTTP/2 needs none', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.constantFrom('1.1', '2'), (bytesBefore, bytesAfter, httpVersion) => {
        for (const before of [
          ['Content-Length', String(bytesBefore)],
          ['Transfer-Encoding', 'chunked'],
        ]) {
          if (httpVersion === '2' && before[0] === 'Transfer-Encoding') continue
          const { headers, exact } = followLength({ before, after: before, bytesBefore, bytesAfter, httpVersion })
          expect(exact).toBe(false)
          expect(isRight(headers, bytesAfter, httpVersion)).toBe(true)
        }
      }),
    )
  })

  it.each([
    ['a body where there was none gets one', [], [], 0, 4, ['Content-Length', '4'], false],
    [
      'a wrong one that was written stays',
      ['Content-Length', '4'],
      ['Content-Length', '2'],
      4,
      4,
      ['Content-Length', '2'],
      true,
    ],
    ['one that was taken out stays out', ['Content-Length', '4'], [], 4, 4, [], true],
    [
      'two that contradict each other stay',
      ['Content-Length', '4'],
      ['Content-Length', '4', 'content-length', '5'],
      4,
      4,
      ['Content-Length', '4', 'content-length', '5'],
      true,
    ],
    [
      'both kinds stay',
      ['Content-Length', '4'],
      ['Content-Length', '4', 'Transfer-Encoding', 'chunked'],
      4,
      4,
      ['Content-Length', '4', 'Transfer-Encoding', 'chunked'],
      true,
    ],
    [
      'the case of the name is kept',
      ['content-LENGTH', '4'],
      ['content-LENGTH', '4'],
      4,
      9,
      ['content-LENGTH', '9'],
      false,
    ],
  ] as const)('%s', (_what, before, after, bytesBefore, bytesAfter, headers, exact) => {
    expect(followLength({ before, after, bytesBefore, bytesAfter, httpVersion: '1.1' })).toEqual({ headers, exact })
  })

  it('of a body that streams by are not looked at', () => {
    const after = ['Content-Length', '1']
    expect(
      followLength({ before: [], after, bytesBefore: undefined, bytesAfter: undefined, httpVersion: '1.1' }),
    ).toEqual({
      headers: after,
      exact: false,
    })
  })
})

describe('a JSON pointer', () => {
  it.each([
    [{ a: 1 }, '/a', 2, { a: 2 }],
    [{}, '/a/b', 1, { a: { b: 1 } }],
    [{ l: [1] }, '/l/-', 2, { l: [1, 2] }],
    [{ l: [1] }, '/l/0', 2, { l: [2] }],
    [{ l: [1] }, '/l/9', 2, { l: [1] }],
    [{ a: 'text' }, '/a/b', 1, { a: 'text' }],
    [{ 'a/b': 1 }, '/a~1b', 2, { 'a/b': 2 }],
    [1, '', 2, 2],
    [{}, '/__proto__/polluted', true, {}],
  ])('%j %s', (root, pointer, value, wanted) => {
    expect(setAtPointer(structuredClone(root), pointer, value)).toEqual(wanted)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
