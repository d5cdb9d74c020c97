import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { converse, rig, statuses } from './listening.ts'

const seeds = [
  'GET /books/42?x=1 HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nConnection: close\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
  'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
]
const splice = fc.constantFrom(
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  ':',
  ',',
  ';',
  '#',
  '%',
  '%2e',
  '\\',
  '\xa0',
  '\xff',
  '0',
  '-1',
  'Host: b\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: h2c\r\n',
  'HTTP/1.1',
)
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 6 }),
  put: fc.oneof(splice, fc.constant('')),
})
const bytes = fc
  .tuple(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([seed, mutations]) =>
    mutations.reduce((text, { at, cut, put }) => {
      const from = Math.floor(at * text.length)
      return text.slice(0, from) + put + text.slice(from + cut)
    }, seed),
  )

it('whatever is sent, the answer is one of those meant, heads are judged or refused, and the next client is served', async () => {
  const { port, requests, refusals } = await rig({ limits: { headersMs: 100, idleMs: 100, keepAliveMs: 10 } })
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 40, maxLength: 40 }), async (messages) => {
      const before = requests.length + refusals.length
      const talks = await Promise.all(messages.map((message) => converse(port, [message])))
      for (const talk of talks) {
        for (const status of statuses(talk)) expect([100, 101, 200, 400, 408, 417, 431, 501, 505]).toContain(status)
      }
      expect(requests.length + refusals.length).toBeGreaterThan(before)
      for (const { head } of requests.slice(-200)) expect(head.path).toMatch(/^(?:\*|\/[\x21-\x7e]*)$/)
      expect(statuses(await converse(port, [seeds[0]!]))).toEqual([200])
    }),
    { numRuns: 12, endOnFailure: true },
  )
}, 60_000)
