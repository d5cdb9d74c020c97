import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { requestOfExchange } from '../../gateway-core/replay/from-exchange.ts'
import { resolveRequest, type Sources } from '../../gateway-core/replay/resolve.ts'

const request = (more: Partial<ReplayRequest> = {}): ReplayRequest => ({
  method: 'POST',
  url: '/',
  version: '1.1',
  headers: [],
  body: null,
  settings: { length: 'follow', redirects: 0, timeoutMs: 1000 },
  ...more,
})

const sources = (variables: Record<string, string> = {}): Sources => ({
  variables: new Map(Object.entries(variables)),
  sealed: (tag) => (tag === 'known' ? 'opened' : undefined),
  reference: async (kind, name) => (kind === 'secret' && name === 'key' ? 's3cret' : undefined),
  file: async (path) => Buffer.from(`file ${path}`),
  recorded: async () => Buffer.from([0, 255, 1]),
})

const literal = { length: 'follow', redirects: 0, timeoutMs: 1000, literal: true } as const
const text = (content: string) => ({ kind: 'text', text: content }) as const

describe('a request', () => {
  it('takes variables, also through each other, references and sealed values', async () => {
    const wire = await resolveRequest(
      request({
        url: '{{base}}/{{id}}?k=${secret:key}',
        headers: [
          { name: 'Authorization', value: 'Bearer ⟦sealed:known:6⟧' },
          { name: 'X-Off', value: '{{nothing}}', off: true },
        ],
        body: text('{"a":"{{id}}","b":"$${secret:key}"}'),
      }),
      sources({ base: '/v{{version}}', version: '2', id: 'ü' }),
    )
    expect(wire.url).toBe('/v2/\u00c3\u00bc?k=s3cret')
    expect(wire.fields).toEqual([
      ['Authorization', 'Bearer opened'],
      ['Content-Length', '30'],
    ])
    expect(wire.body!.toString()).toBe('{"a":"ü","b":"${secret:key}"}')
  })

  it('that came from traffic is sent as it is, whatever stands in it', async () => {
    const hostile = '{{7*7}} ${env:HOME} ${secret:key} $${secret:key} ${jndi:ldap://x}'
    const wire = await resolveRequest(request({ body: text(hostile), settings: literal }), sources())
    expect(wire.body!.toString()).toBe(hostile)
  })

  it('takes what a server answered as it is: it gets no secret by naming one', async () => {
    const hostile = '{{base}} ${secret:key} ⟦sealed:known:6⟧ $1 {{$guid}}'
    const wire = await resolveRequest(
      request({
        headers: [{ name: 'X-Of', value: '{{auth}} ${secret:key}' }],
        body: text('{{token}} {{auth}} {{base}}'),
      }),
      {
        ...sources({ base: 'b', auth: 'Bearer {{token}}', token: 'shadowed' }),
        captured: new Map([['token', hostile]]),
      },
    )
    expect(wire.body!.toString()).toBe(`${hostile} Bearer ${hostile} b`)
    expect(Buffer.from(wire.fields[0]![1], 'latin1').toString()).toBe(`Bearer ${hostile} s3cret`)
  })

  it('puts files in the lines that stand for them', async () => {
    const body = {
      kind: 'text',
      files: true,
      text: '--x\r\n{{id}}\r\n< a.bin\r\n<@ b.txt\r\n<@latin1 c\r\n--x--',
    } as const
    const files: Record<string, Buffer> = {
      'a.bin': Buffer.from([0, 255, 123, 123]),
      'b.txt': Buffer.from('{{id}} ü'),
      c: Buffer.from([0xfc]),
    }
    const from = { ...sources({ id: '7' }), file: async (path: string) => files[path]! }
    const wire = await resolveRequest(request({ body }), from)
    expect(wire.body!.toString('latin1')).toBe(
      Buffer.from('--x\r\n7\r\n').toString('latin1') +
        '\0\xff{{\r\n' +
        Buffer.from('7 ü\r\nü\r\n--x--').toString('latin1'),
    )
    expect(wire.fields).toEqual([['Content-Length', String(wire.body!.length)]])
    // The same text without that mark is only text.
    const plain = await resolveRequest(request({ body: text('< a.bin') }), from)
    expect(plain.body!.toString()).toBe('< a.bin')
  })

  it.each([
    ['Basic {{user}} {{pw}}', 'Basic YW5uYTpwOncgMQ=='],
    ['Basic {{user}}:{{pw}}', 'Basic YW5uYTpwOncgMQ=='],
    ['basic anna:', 'basic YW5uYTo='],
    ['Basic YW5uYTpwOncgMQ==', 'Basic YW5uYTpwOncgMQ=='],
    ['Bearer a b', 'Bearer a b'],
  ])('encodes a pair that is written out: %s', async (value, sent) => {
    const headers = [{ name: 'authorization', value }]
    const from = sources({ user: 'anna', pw: 'p:w 1' })
    expect((await resolveRequest(request({ headers }), from)).fields[0]![1]).toBe(sent)
    const asItStands = await resolveRequest(
      request({ headers: [{ name: 'Authorization', value: 'Basic a b' }], settings: literal }),
      from,
    )
    expect(asItStands.fields[0]![1]).toBe('Basic a b')
  })

  it.each([
    ['{{$guid}}', /^[0-9a-f-]{36}$/],
    ['{{$randomUUID}}', /^[0-9a-f-]{36}$/],
    ['{{$timestamp -1 d}}', /^\d{10}$/],
    ['{{$datetime rfc1123 1 y}}', /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/],
    ['{{$datetime "YYYY-MM-DD" 1 M}}', /^\d{4}-\d\d-\d\d$/],
    ["{{$localDatetime 'DD.MM.YY HH:mm:ss.SSS Z'}}", /^[\d.]{8} [\d:.]{12} [+-]\d\d:\d\d$/],
    ['{{$randomInt 3 4}}', /^3$/],
    ['{{$random.integer(3, 4)}}', /^3$/],
    ['{{$random.float(1, 2)}}', /^1\.\d+$|^1$/],
    ['{{$random.alphabetic(5)}}', /^[a-zA-Z]{5}$/],
    ['{{$random.hexadecimal(4)}}', /^[0-9a-f]{4}$/],
    ['{{$random.email}} {{$randomEmail}}', /^\w{8}@example\.com \w{8}@example\.com$/],
    ['{{$processEnv HOME}} {{$env.HOME}}', /^env HOME env HOME$/],
  ])('makes up %s', async (written, expected) => {
    const from = { ...sources(), reference: async (kind: string, name: string) => `${kind} ${name}` }
    const wire = await resolveRequest(request({ body: text(written) }), from)
    expect(wire.body!.toString()).toMatch(expected)
  })

  it.each(['{{$random.integer(4, 3)}}', '{{$random.alphabetic(0)}}', '{{$magic}}', '{{$}}'])(
    'says that there is no %s',
    async (written) => {
      const sent = resolveRequest(request({ body: text(written) }), sources())
      await expect(sent).rejects.toMatchObject({ message: `the body: there is no ${written}` })
    },
  )

  it('leaves ${…} of other kinds to whoever reads it', async () => {
    const wire = await resolveRequest(request({ body: text('${jndi:x} ${7*7}') }), sources())
    expect(wire.body!.toString()).toBe('${jndi:x} ${7*7}')
  })

  it.each<[string, Partial<ReplayRequest>, string]>([
    ['a variable without a value', { url: '/{{what}}' }, 'the URL uses {{what}}, which has no value'],
    ['variables in a circle', { url: '/{{a}}' }, 'variables in the URL use each other without end'],
    [
      'a secret that there is not',
      { headers: [{ name: 'X', value: '${secret:no}' }] },
      'the header X uses ${secret:no}, which has no value',
    ],
    ['a sealed value that is gone', { body: text('⟦sealed:gone:3⟧') }, 'the secret in the body is not kept any more'],
    ['a dynamic value that nobody knows', { url: '/{{$nothing}}' }, 'the URL: there is no {{$nothing}}'],
  ])('says what is missing: %s', async (_, more, message) => {
    const given: Record<string, string> = message.includes('without end') ? { a: '{{a}}' } : {}
    await expect(resolveRequest(request(more), sources(given))).rejects.toMatchObject({ name: 'ReplayError', message })
  })

  it.each([
    ['{{$guid}}', /^[0-9a-f-]{36}$/],
    ['{{$timestamp}}', /^\d{10}$/],
    ['{{$timestamp -1 d}}', /^\d{10}$/],
    ['{{$randomInt 5 7}}', /^[56]$/],
    ['{{$isoTimestamp}}', /^\d{4}-\d\d-\d\dT/],
    ['{{$datetime rfc1123}}', /GMT$/],
  ])('makes up %s', async (written, expected) => {
    const wire = await resolveRequest(request({ body: text(written) }), sources())
    expect(wire.body!.toString()).toMatch(expected)
  })
})

describe('the length', () => {
  const body = text('four')
  it.each<[string, ReplayRequest['headers'], 'follow' | 'asWritten', [string, string][]]>([
    ['is added', [], 'follow', [['Content-Length', '4']]],
    [
      'is mended in its place',
      [
        { name: 'content-LENGTH', value: '9' },
        { name: 'A', value: 'b' },
      ],
      'follow',
      [
        ['content-LENGTH', '4'],
        ['A', 'b'],
      ],
    ],
    ['stays wrong on purpose', [{ name: 'Content-Length', value: '9' }], 'asWritten', [['Content-Length', '9']]],
    ['stays away on purpose', [], 'asWritten', []],
    [
      'is not put beside chunks',
      [{ name: 'Transfer-Encoding', value: 'chunked' }],
      'follow',
      [['Transfer-Encoding', 'chunked']],
    ],
  ])('%s', async (_, headers, length, fields) => {
    const settings = { length, redirects: 0, timeoutMs: 1000 }
    expect((await resolveRequest(request({ headers, body, settings }), sources())).fields).toEqual(fields)
  })
})

describe('a body that is announced as chunks', () => {
  const chunked = [{ name: 'Transfer-Encoding', value: 'gzip, chunked' }]
  const sent = async (more: Partial<ReplayRequest>) =>
    (await resolveRequest(request({ headers: chunked, ...more }), sources())).body?.toString()
  it('is sent as one', async () => {
    expect(await sent({ body: text('hello wörld') })).toBe('c\r\nhello wörld\r\n0\r\n\r\n')
  })
  it.each<[string, Partial<ReplayRequest>, string | undefined]>([
    ['written as chunks by hand', { body: text('5\r\nhello\r\n0\r\n\r\n') }, '5\r\nhello\r\n0\r\n\r\n'],
    ['as written', { body: text('hello'), settings: { length: 'asWritten', redirects: 0, timeoutMs: 1 } }, 'hello'],
    ['over HTTP/2, which has no chunks', { body: text('hello'), version: '2' }, 'hello'],
    ['empty', {}, undefined],
    ['of another coding', { body: text('hello'), headers: [{ name: 'Transfer-Encoding', value: 'gzip' }] }, 'hello'],
  ])('stays as it is %s', async (_, more, expected) => {
    expect(await sent(more)).toBe(expected)
  })
})

it.each<[string, ReplayRequest['body'], string]>([
  ['bytes', { kind: 'bytes', base64: 'AP8B' }, '00ff01'],
  ['a file', { kind: 'file', path: 'a.bin' }, Buffer.from('file a.bin').toString('hex')],
  ['what was recorded', { kind: 'recorded', exchange: 'x', length: 3 }, '00ff01'],
])('a body is %s', async (_, body, hex) => {
  expect((await resolveRequest(request({ body }), sources())).body!.toString('hex')).toBe(hex)
})

it('text is coded anew where it was coded', async () => {
  const wire = await resolveRequest(request({ body: { kind: 'text', text: 'hello', coding: 'gzip' } }), sources())
  expect(gunzipSync(wire.body!).toString()).toBe('hello')
})

describe('a recorded request', () => {
  const record = (more: object, request: object = {}) =>
    ({
      id: 'x',
      listener: 'http',
      ...more,
      request: {
        method: 'GET',
        scheme: 'https',
        authority: 'api.example.com',
        target: '/a?b',
        httpVersion: '2',
        headers: [':path', '/a?b', 'x-y', 'caf\u00c3\u00a9'],
        ...request,
      },
    }) as unknown as ExchangeRecord

  it('names its server where it came by the forward proxy, and its Host where HTTP/2 has none', () => {
    expect(requestOfExchange(record({}))).toMatchObject({
      url: '/a?b',
      headers: [
        { name: 'Host', value: 'api.example.com' },
        { name: 'x-y', value: 'café' },
      ],
    })
    expect(requestOfExchange(record({ listener: 'proxy' })).url).toBe('https://api.example.com/a?b')
  })

  it('keeps a length that was wrong', () => {
    const body = { bytes: Buffer.from('abc'), length: 3, truncated: false }
    const of = (length: string) => requestOfExchange(record({}, { headers: ['Content-Length', length], body }))
    expect(of('3').settings.length).toBe('follow')
    expect(of('9').settings.length).toBe('asWritten')
  })

  it('leaves what is no text, or too long to be edited, where it is', () => {
    const of = (bytes: Uint8Array) =>
      requestOfExchange(record({}, { headers: [], body: { bytes, length: bytes.length, truncated: false } })).body
    expect(of(Buffer.from([0, 255]))).toEqual({ kind: 'recorded', exchange: 'x', length: 2 })
    expect(of(Buffer.alloc(600_000, 65))).toEqual({ kind: 'recorded', exchange: 'x', length: 600_000 })
  })

  it('of a WebSocket is none that can be sent', () => {
    expect(() => requestOfExchange(record({ upgrade: 'websocket' }))).toThrow('WebSocket')
  })
})
