import { gzipSync } from 'node:zlib'
import http from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { LiveTimeline } from '../../gateway-core/pipeline/timeline.ts'
import { judgeRequest } from '../../gateway-core/proxy/judge-request.ts'
import { Router } from '../../gateway-core/proxy/router.ts'
import { type TestGateway, testGateway, type TestUpstream, testUpstream } from '../gateway-fixture.ts'

// The same requests to a real gateway and to `judgeRequest`: whatever decides has to decide alike.

interface Sent {
  method?: string
  target: string
  fields?: string[]
  body?: string | Buffer
}

let upstream: TestUpstream
let gateway: TestGateway
beforeAll(async () => {
  upstream = await testUpstream((request, response) => {
    request.resume()
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ secret: 'card 4111111111111111', path: request.url }))
  })
  gateway = await testGateway(`
upstreams: { app: "${upstream.url}" }
limits: { bodyBytes: 2kb }
policies:
  - security-headers
  - cors: { origins: ["https://shop.example"], methods: [PUT] }
apis:
  - name: shop
    upstream: app
    policies:
      - ip-restriction: { allow: [127.0.0.0/8] }
      - ip-restriction: { name: shadowed, mode: shadow, deny: [127.0.0.0/8] }
      - ip-restriction: { name: on-post, when: request.method == 'POST', allow: [10.0.0.0/8] }
      - data-mask: { fields: [/secret], maxBody: 1kb }
    routes:
      - { path: "/books/{id}", methods: [GET, PUT, POST] }
      - { path: /nowhere/*, methods: [GET] }
      - path: /notes
        policies:
          - request-validation: { schema: { type: object, properties: { title: { type: string } } }, bodyLimit: 1kb }
  - name: hollow
    routes:
      - { path: /hollow }
`)
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

const json = ['Content-Type', 'application/json']
const requests: [string, Sent][] = [
  ['passes, with a masked response', { target: '/books/1?a=1' }],
  ['HEAD', { method: 'HEAD', target: '/books/1' }],
  ['a condition that holds denies', { method: 'POST', target: '/books/1', body: 'x' }],
  ['another origin', { target: '/books/1', fields: ['Origin', 'https://evil.example'] }],
  ['an allowed origin', { target: '/books/1', fields: ['Origin', 'https://shop.example'] }],
  [
    'a preflight is answered',
    {
      method: 'OPTIONS',
      target: '/books/1',
      fields: ['Origin', 'https://shop.example', 'Access-Control-Request-Method', 'PUT'],
    },
  ],
  ['no route', { target: '/missing' }],
  ['no route for the method', { method: 'DELETE', target: '/books/1' }],
  ['no upstream', { target: '/hollow' }],
  ['dot segments are routed in their normal form', { target: '/x/../books/./%31' }],
  ['an ambiguous path', { target: '/books/1%2f2' }],
  ['a path above the root', { target: '/../books/1' }],
  ['two hosts', { target: '/books/1', fields: ['Host', 'b'] }],
  ['a body within the schema', { method: 'PUT', target: '/notes', fields: json, body: '{"title":"x"}' }],
  ['a body against the schema', { method: 'PUT', target: '/notes', fields: json, body: '{"title":1}' }],
  ['an unknown property', { method: 'PUT', target: '/notes', fields: json, body: '{"admin":true}' }],
  ['a body that is not JSON', { method: 'PUT', target: '/notes', fields: json, body: '{"title"' }],
  [
    'a compressed body',
    { method: 'PUT', target: '/notes', fields: [...json, 'Content-Encoding', 'gzip'], body: gzipSync('{"title":1}') },
  ],
  [
    'a body that is not what its coding says',
    { method: 'PUT', target: '/notes', fields: [...json, 'Content-Encoding', 'gzip'], body: 'plain' },
  ],
  [
    'an unknown coding',
    { method: 'PUT', target: '/notes', fields: [...json, 'Content-Encoding', 'secret'], body: 'plain' },
  ],
  [
    'an archive bomb',
    {
      method: 'PUT',
      target: '/notes',
      fields: [...json, 'Content-Encoding', 'gzip'],
      body: gzipSync(`"${'x'.repeat(9000)}"`),
    },
  ],
  ['longer than the policy reads', { method: 'PUT', target: '/notes', fields: json, body: `"${'x'.repeat(1500)}"` }],
  ['longer than the gateway takes', { method: 'PUT', target: '/notes', fields: json, body: `"${'x'.repeat(3000)}"` }],
  ['gRPC', { method: 'PUT', target: '/notes', fields: ['Content-Type', 'application/grpc'], body: 'x' }],
]

describe('judging without sending agrees with the gateway', () => {
  test.each(requests)('%s', async (_name, sent) => {
    const heard = gateway.next()
    const status = await send(gateway.url, sent)
    const [record] = await heard
    const answered = upstreamAnswer(record!)
    const { workspace } = gateway.gateway
    const judgement = await judgeRequest(
      workspace,
      new Router(workspace.routes),
      { state: new MemoryState(), timeline: new LiveTimeline(), onError: workspace.onError },
      gateway.facts,
      {
        head: {
          method: sent.method ?? 'GET',
          target: sent.target,
          httpVersion: '1.1',
          scheme: 'http',
          rawHeaders: fieldsOf(sent),
        },
        ...(sent.body !== undefined && { body: { bytes: Buffer.from(sent.body), decoded: false } }),
        peer: { address: '127.0.0.1', port: 1 },
        ...(answered && { response: answered }),
      },
    )
    const { verdict, code, decidedBy } = judgement
    expect({ verdict, status: judgement.status, code, decidedBy }).toEqual({
      verdict: record!.verdict,
      status,
      code: record!.code,
      decidedBy: record!.decidedBy,
    })
    expect(judgement.trace.map(outline)).toEqual(record!.trace.map(outline))
  })
})

type Recorded = TestGateway['records'][number]

function outline(entry: Recorded['trace'][number]) {
  const { policy, phase, verdict, code, evidence, changes, reason } = entry
  return { policy, phase, verdict, code, evidence, changes, reason }
}

/** What the upstream answered, as the record has it. */
function upstreamAnswer({ response, upstreamResponse, upstream: called, request }: Recorded) {
  const answer = upstreamResponse ?? (response?.from === 'upstream' ? response : undefined)
  if (!called || !answer) return undefined
  const body = request.method === 'HEAD' ? undefined : answer.body
  return {
    status: answer.status,
    reason: answer.reason,
    rawHeaders: answer.headers,
    ...(body && { body: { bytes: body.bytes, decoded: false } }),
  }
}

function fieldsOf({ fields = [], body }: Sent): string[] {
  const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]
  return ['Host', 'a', ...fields, ...length]
}

function send(url: string, sent: Sent): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const { method = 'GET', target: path, body } = sent
    const options = { host: hostname, port, method, path, agent: false as const, headers: fieldsOf(sent) as never }
    const request = http.request(options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!))
    })
    request.on('error', reject)
    request.end(body)
  })
}
