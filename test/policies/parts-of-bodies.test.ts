import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ask, gateway, upstream } from '../proxy/asking.ts'
import { judgeWith } from './harness.ts'

// A part of a body (RFC 9110 §14) is no longer what a policy knows: `/customer/pin` may be the whole of it, and half of a card
// number is none. So a client could take apart by Range what a policy masks or removes.

const body = '{"customer":{"name":"Anna","pin":"4711"},"card":"4111 1111 1111 1111"}'

const pin = body.indexOf('"4711"')

/** An upstream that answers ranges, as any server of files does; `always`: unasked too. */
function partial(always = false) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [, from, to] =
      /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? (always ? `bytes=${pin}-${pin + 5}` : '')) ?? []
    response.setHeader('Content-Type', 'application/json')
    if (from === undefined) return void response.end(body)
    const part = body.slice(Number(from), Number(to) + 1)
    response.writeHead(206, { 'Content-Range': `bytes ${from}-${to}/${body.length}` }).end(part)
  }
}

const yaml = (policy: string) => `
upstreams: { app: UPSTREAM }
apis:
  - name: app
    upstream: app
    policies: [${policy}]
`

const policies = [
  'data-mask: { fields: [/customer/pin] }',
  'data-mask: { detect: [card], fields: [/customer/pin] }',
  'response-transformer: { body: { remove: [/customer/pin] } }',
]

describe.each(policies)('%s', (policy) => {
  it.each([
    ['the value itself', `bytes=${pin}-${pin + 5}`],
    ['the object around it', `bytes=${body.indexOf('{"name"')}-${body.indexOf('},"card"')}`],
    ['a piece that is no JSON', 'bytes=3-60'],
  ])('asks for the whole body where a client asks for %s', async (_what, Range) => {
    const server = await upstream(partial())
    const { url } = await gateway(yaml(policy), server)
    const answer = await ask(url, { headers: { Host: 'a', Range, 'If-Range': '"x"' } })
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).not.toContain('4711')
    expect(JSON.parse(answer.body.toString())).toMatchObject({ customer: { name: 'Anna' } })
    expect(server.seen[0]!.headers.join().toLowerCase()).not.toContain('range')
  })

  it('passes no part that an upstream gives unasked', async () => {
    const { url } = await gateway(yaml(policy), await upstream(partial(true)))
    const answer = await ask(url)
    expect(answer.status).toBe(502)
    expect(answer.body.toString()).not.toContain('4711')
  })
})

it('where nothing reads bodies, parts travel as ever', async () => {
  const { url } = await gateway(yaml('security-headers'), await upstream(partial()))
  const answer = await ask(url, { headers: { Host: 'a', Range: 'bytes=0-4' } })
  expect([answer.status, answer.body.toString()]).toEqual([206, body.slice(0, 5)])
})

it('a part is masked by detectors alone where unreadable bodies may pass', async () => {
  const given = { response: { status: 206, headers: { 'Content-Type': 'application/json' }, body: '"a@b.example"' } }
  const policy = { 'data-mask': { fields: ['/mail'], detect: ['email'], unreadable: 'pass' } }
  const { response, trace } = await judgeWith(policy, given)
  expect(response.body?.text).toBe('"[masked]"')
  expect(trace.at(-1)?.evidence?.[0]).toMatchObject({ observed: expect.stringContaining('part') as unknown })
})
