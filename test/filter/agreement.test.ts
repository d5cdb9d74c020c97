import * as fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { matches } from '../../gateway-core/filter/evaluate.ts'
import { parseFilter } from '../../gateway-core/filter/grammar.ts'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import { body, captures, record, request, response, temporaryFolder, write } from '../capture/records.ts'

// The same query, asked of the database and of each exchange, gives the same answer.

const words = ['books', 'Orders', 'é%_x', 'a"b\\c', '[x],', ',', 'DUNE', '42', '*', "it's", 'ß\u0001', '🦊', ']']
const word = fc.constantFrom(...words)
const text = fc.oneof(
  word,
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.tuple(word, word).map((pair) => pair.join('')),
)

const headers = fc.oneof(
  fc.array(fc.tuple(fc.constantFrom('X-Foo', 'x-foo', 'Accept', 'X-[a],b'), text), { maxLength: 4 }),
  // Lists of the same names share what they have in common.
  fc.tuple(text, text).map(([foo, accept]): [string, string][] => [
    ['X-Foo', foo],
    ['Accept', accept],
    ['X-[a],b', 'same'],
  ]),
)
const content = fc.oneof(
  fc.constant(undefined),
  text.map((value) => body(value)),
  text.map((value) => body(gzipSync(value))),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => body(bytes)),
  text.map((value) => body(Buffer.from(value).subarray(0, -1), { truncated: true, length: 5000, sha256: 'x' })),
)
const message = fc.record({ headers, content })

const flat = (list: [string, string][], coded: boolean) => [
  ...list.flat(),
  ...(coded ? ['Content-Encoding', 'gzip'] : []),
]

const exchange: fc.Arbitrary<ExchangeRecord> = fc
  .record({
    message,
    answer: fc.option(message, { nil: undefined }),
    path: text,
    query: fc.oneof(fc.constant(''), text),
    status: fc.constantFrom(0, 200, 204, 403, 404, 500),
    duration: fc.integer({ min: 0, max: 3_000_000 }),
    policy: fc.constantFrom('jwt-auth', 'rbac', 'cors'),
    verdict: fc.constantFrom('pass', 'deny', 'would-deny', 'skipped'),
    evidence: fc.option(text, { nil: undefined }),
    consumer: fc.option(text, { nil: undefined }),
    client: fc.constantFrom('127.0.0.1', '10.0.0.7', 'FE80::1'),
    method: fc.constantFrom('GET', 'POST'),
    rule: fc.option(word, { nil: undefined }),
  })
  .map((parts) => {
    const coded = (each: typeof parts.message) => each.content?.bytes[0] === 0x1f && each.content.bytes[1] === 0x8b
    const { message: sent, answer } = parts
    return record({
      status: parts.status,
      durationMicros: parts.duration,
      clientAddress: parts.client,
      request: request({
        method: parts.method,
        path: `/${parts.path}`,
        query: parts.query,
        headers: flat(sent.headers, coded(sent)),
        ...(sent.content && { body: sent.content }),
      }),
      response:
        answer &&
        response({
          status: parts.status,
          headers: flat(answer.headers, coded(answer)),
          ...(answer.content && { body: answer.content }),
        }),
      ...(parts.rule !== undefined && {
        intercepted: { touches: [{ by: 'rule', name: parts.rule, side: 'request', did: 'mocked' }] },
      }),
      consumer: parts.consumer === undefined ? undefined : { name: parts.consumer, groups: ['readers'] },
      trace: [
        {
          policy: `workspace/${parts.policy}`,
          type: parts.policy,
          verdict: parts.verdict as 'pass',
          phase: 'requestHeaders',
          mode: 'enforce',
          at: 0,
          micros: 0,
          now: 0,
          sequence: 0,
          position: { file: 'gatehouse.yaml', line: 1, column: 1 },
          ...(parts.evidence !== undefined && { evidence: [{ at: { in: 'path' }, observed: parts.evidence }] }),
        },
      ],
    })
  })

const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`
const escape = (value: string) => value.replace(/[\\^$.|?*+()[\]{}"'\s]/g, '\\$&')
const nonEmpty = text.filter((value) => value !== '')
const textField = fc.constantFrom(
  'path',
  'query',
  'url',
  'req.headers',
  'resp.headers',
  'req.header.x-foo',
  'req.header.accept',
  'resp.header.accept',
  'req.body',
  'resp.body',
  'body',
  'headers',
  'evidence',
  'error',
)
const wordField = fc.constantFrom(
  'consumer',
  'client',
  'method',
  'policy',
  'denied',
  'step',
  'id',
  'peer',
  'host',
  'group',
  'touched',
)
const numberTest = fc.constantFrom(
  'status:403',
  'status:4xx',
  'status>=400',
  'status<300',
  'status:0-200,500',
  'duration>1s',
  'duration:10ms-2s',
  'duration!=5ms',
  'size>3',
  'size<=4kb',
  'size:5000',
  'req.size:0',
  'time>2000-01-01',
)
const leaf = fc.oneof(
  numberTest,
  nonEmpty.map(quote),
  fc.tuple(textField, fc.constantFrom(':', '=', '!='), nonEmpty).map(([name, op, value]) => name + op + quote(value)),
  fc
    .tuple(
      wordField,
      fc.constantFrom(':', '=', '!='),
      fc.oneof(text, fc.constantFrom('fe80::1', '10.0.0.7', 'FE80::1')),
    )
    .map(([name, op, value]) => name + op + quote(value)),
  fc
    .tuple(wordField, fc.constantFrom('*', '*0*', '1*', 'r*c', '*-auth', '*=deny*'))
    .map(([name, value]) => `${name}:${value}`),
  fc.tuple(textField, fc.constantFrom(':*', '~^', '~\\d+', '~(?i)BOOKS$', '~[a-z]{2}')).map((pair) => pair.join('')),
  fc
    .tuple(fc.constantFrom('path', 'url', 'query', 'client', 'consumer'), nonEmpty, fc.integer({ min: 0, max: 3 }))
    .map(
      ([name, value, anchors]) =>
        `${name}~${anchors & 1 ? '^/?' : '^'.repeat(anchors >> 1)}${escape(value)}${anchors === 2 ? '$' : ''}`,
    ),
)
const { query } = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('query'), fc.constantFrom(' ', ' and ', ' or '), tie('query')).map(([a, op, b]) => `(${a}${op}${b})`),
    tie('query').map((inner) => `not ${inner}`),
  ),
}))

test('the database and the evaluator agree on random queries over random exchanges', () => {
  fc.assert(
    fc.property(
      fc.array(exchange, { minLength: 1, maxLength: 12 }),
      fc.array(query, { maxLength: 60 }),
      (all, queries) => {
        const folder = temporaryFolder()
        write(folder, all)
        const read = captures(folder)
        const stored = all.map(({ id }) => read.get(id, { secrets: 'sealed' })!)
        for (const each of queries) {
          const filter = parseFilter(each)
          const expected = stored.filter((one) => matches(filter, one)).map((one) => one.order)
          const found = [...read.sequences({ query: filter, order: 'oldest' })].flat()
          expect(found, each).toEqual(expected)
          expect(read.count(filter)).toBe(expected.length)
          expect(read.list({ query: filter, order: 'newest' }).map((row) => row.sequence)).toEqual(
            expected.toReversed(),
          )
          // Nothing here is secret, so the record in the gateway's hands answers alike.
          for (const [at, one] of stored.entries()) {
            if (one.secrets === 'none') expect(matches(filter, all[at]!), each).toBe(matches(filter, one))
          }
        }
        read.close()
      },
    ),
    { numRuns: 60 },
  )
})
