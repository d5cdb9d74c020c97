import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataMask } from '../../gateway-core/policies/data-mask/data-mask.ts'
import { masked } from '../../gateway-core/policies/data-mask/methods.ts'
import { judgeWith, loadPolicies } from './harness.ts'

const json = { 'Content-Type': 'application/json' }
const card = '4111 1111 1111 1111'

async function maskResponse(config: object, body: string | Uint8Array, headers: Record<string, string> = json) {
  const result = await judgeWith({ 'data-mask': config }, { response: { headers, body } })
  return { ...result, text: Buffer.from(result.response.body?.bytes ?? []).toString('utf8') }
}

const tag = (text: string) => createHash('sha256').update(text).digest('hex')

describe('data-mask on JSON', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(dataMask.docs.example).problems).toEqual([])
  })

  it('changes the masked values and not one byte besides', async () => {
    const body =
      '{ "id" : 12345678901234567890 ,\r\n\t"e":1.0E+2,"items":[ {"card":"4111111111111111" , "n":"\\u00e9"},{"card" :null}] }\n'
    const result = await maskResponse({ fields: ['/items/*/card'], with: 'partial' }, body)
    expect(result.text).toBe(body.replace('4111111111111111', '************1111'))
    expect(result.trace.find(({ phase }) => phase === 'responseBody')).toMatchObject({
      verdict: 'modify',
      evidence: [
        {
          at: { in: 'body', of: 'response', pointer: '/items/0/card' },
          expected: 'masked (partial)',
          secret: true,
          detail: { masked: 1 },
        },
      ],
      learned: { sealed: [{ in: 'body', of: 'response', pointer: '/items/0/card' }] },
    })
  })

  const cases: [config: object, before: string, after: string][] = [
    [{ fields: ['/a'] }, '{"a":1,"b":2}', '{"a":"[masked]","b":2}'],
    [{ fields: [''] }, ' {"a":1} ', ' "[masked]" '],
    [{ fields: ['/a'] }, '{"a":{"x":[1,{"y":2}]},"b":{"a":1}}', '{"a":"[masked]","b":{"a":1}}'],
    [{ fields: ['/**/a'] }, '{"a":1,"b":[{"c":{"a":2}}]}', '{"a":"[masked]","b":[{"c":{"a":"[masked]"}}]}'],
    [{ fields: ['/b/**'] }, '{"a":1,"b":[1,{"c":2}]}', '{"a":1,"b":["[masked]","[masked]"]}'],
    [{ fields: ['/*/1'] }, '{"a":[1,2,3],"b":{"1":"x"}}', '{"a":[1,"[masked]",3],"b":{"1":"[masked]"}}'],
    [{ fields: ['/a~1b', '/c~0d'] }, '{"a/b":1,"c~d":2}', '{"a/b":"[masked]","c~d":"[masked]"}'],
    [{ fields: ['/a'] }, '{"a":"one","a":"two"}', '{"a":"[masked]","a":"[masked]"}'],
    [{ fields: ['/a'] }, '{"\\u0061":"one"}', '{"\\u0061":"[masked]"}'],
    [{ fields: ['/é'] }, '{"é":"one","e":"é"}', '{"é":"[masked]","e":"é"}'],
    [{ fields: ['/a'], replacement: 'gone "é"' }, '{"a":1}', '{"a":"gone \\"é\\""}'],
    [{ fields: ['/a'] }, '[1]', '[1]'],
    [
      { fields: ['/__proto__', '/constructor'] },
      '{"__proto__":1,"constructor":2}',
      '{"__proto__":"[masked]","constructor":"[masked]"}',
    ],
    [
      { fields: [{ pointer: '/a', with: 'hash' }, '/b'], with: 'partial' },
      '{"a":"x","b":"secret-value"}',
      '{"a":"hmac:tag(data-mask:x)","b":"******-*alue"}',
    ],
    [{ detect: ['card'] }, `{"note":"card ${card}!"}`, '{"note":"card [masked]!"}'],
    [
      { detect: ['card'], with: 'partial' },
      `[4111111111111111,"${card}"]`,
      '["************1111","**** **** **** 1111"]',
    ],
    [{ detect: ['card'], with: 'partial' }, '{"a":"\\u0034111111111111111 \\n é"}', '{"a":"************1111 \\n é"}'],
    [{ detect: ['email', 'card'] }, `{"a":"x@y.example ${card}"}`, '{"a":"[masked] [masked]"}'],
    [
      { detect: [{ detector: 'email', with: 'partial' }] },
      '{"jürgen@x.example":"öl@x.example"}',
      '{"j***@x.example":"ö***@x.example"}',
    ],
    [{ detect: ['email'], replacement: '"\\' }, '{"a":"x@y.example"}', '{"a":"\\"\\\\"}'],
    [{ detect: ['email'] }, '[1.5e3,true,null,"plain"]', '[1.5e3,true,null,"plain"]'],
    [{ fields: ['/a'], keep: 0, with: 'partial' }, '{"a":"abc"}', '{"a":"***"}'],
    [{ fields: ['/a'], with: 'partial' }, '{"a":"jane@x.example"}', '{"a":"j***@x.example"}'],
    [{ fields: ['/a'], with: 'partial' }, '{"a":"12345678"}', '{"a":"********"}'],
  ]
  it.each(cases)('%j turns %s into %s', async (config, before, after) => {
    const result = await maskResponse(config, before)
    expect(result.text).toBe(after)
    if (before !== after) expect(JSON.parse(result.text)).toBeDefined()
  })

  it('keeps invalid UTF-8 as it is', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":"x@y.example","b":"'),
      Buffer.from([0xff, 0xc3, 0x28, 0x80]),
      Buffer.from('"}'),
    ])
    const result = await maskResponse({ detect: ['email'] }, bytes)
    expect(Buffer.from(result.response.body!.bytes).toString('latin1')).toBe(
      bytes.toString('latin1').replace('x@y.example', '[masked]'),
    )
  })

  it('stand-ins keep their shape, are equal for equal values and tell nothing', () => {
    const masking = { method: 'tokenize', keep: 4, replacement: '', tag } as const
    expect(masked('Ab-12', masking)).toMatch(/^[A-Z][a-z]-\d\d$/)
    expect(masked('Ab-12', masking)).toBe(masked('Ab-12', masking))
    expect(masked('Ab-12', masking)).not.toBe(masked('Ab-13', masking))
    expect(masked(card, masking, 'card').replaceAll(' ', '')).toBe(masked('4111111111111111', masking, 'card'))
    expect(masked('x'.repeat(500), masking)).toMatch(/^[a-z]{500}$/)
    const hash = { ...masking, method: 'hash' } as const
    expect(masked('DE89 3704', hash, 'iban')).toBe(masked('de893704', hash, 'iban'))
  })

  it('puts no masked value into trace, evidence or learned places, not even one that is a key', async () => {
    const result = await maskResponse(
      { detect: ['email', 'card'], fields: ['/**/pin'] },
      `{"jane@x.example":{"card":"${card}","pin":"7391"},"list":["jane@x.example"]}`,
    )
    const trace = JSON.stringify(result.trace, (key, value) => (key === 'changes' ? undefined : value))
    for (const secret of ['jane@', '4111', '7391']) expect(trace).not.toContain(secret)
    expect(trace).toContain('/*/pin')
  })

  it('many values are one place, and the evidence stays short', async () => {
    const result = await maskResponse({ fields: ['/*'] }, JSON.stringify(Array.from({ length: 1000 }, (_, nth) => nth)))
    const entry = result.trace.find(({ phase }) => phase === 'responseBody')!
    expect(entry.evidence).toHaveLength(20)
    expect(entry.evidence![0]!.detail).toEqual({ masked: 1000 })
    expect(entry.learned!.sealed).toEqual([{ in: 'body', of: 'response' }])
  })

  it('equals the naive way on any JSON', async () => {
    const naive = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(naive)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value).map(([key, own]) => [key, key === 'k' && own !== null ? '[masked]' : naive(own)]),
      )
    }
    const keys = fc.constantFrom('k', 'a', 'b')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(keys, tie('tree'), { noNullPrototype: true }),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        const result = await maskResponse({ fields: ['/**/k'] }, JSON.stringify(value, null, 1))
        expect(JSON.parse(result.text)).toEqual(naive(value))
      }),
      { numRuns: 50 },
    )
  })

  it('depth costs neither stack nor much time', async () => {
    const deep = 100_000
    const body = `${'['.repeat(deep)}"x@y.example"${']'.repeat(deep)}`
    const started = performance.now()
    expect((await maskResponse({ detect: ['email'], fields: ['/**/k', '/**/**/z'] }, body)).text).toContain('[masked]')
    expect(performance.now() - started).toBeLessThan(3000)
  })
})

const needs = (config: object) => {
  const node = loadPolicies({ 'data-mask': config }).nodes[0]!
  return node.kind === 'policy' ? dataMask.body?.(node.instance.prepared) : undefined
}

describe('data-mask elsewhere', () => {
  const bodies: [type: string | undefined, before: string, after: string][] = [
    ['text/plain', 'mail x@y.example\r\n', 'mail [masked]\r\n'],
    ['text/html; charset=utf-8', '<p>é x@y.example</p>', '<p>é [masked]</p>'],
    [undefined, 'x@y.example', '[masked]'],
    ['text/plain', '{"a":"x@y.example"', '{"a":"[masked]"'],
    ['text/plain', '{"a":"\\u0078@y.example"}', '{"a":"[masked]"}'],
    ['application/x-ndjson', '{"a":"x@y.example"}\n{"a":"z@y.example"}\n', '{"a":"[masked]"}\n{"a":"[masked]"}\n'],
    [
      'application/x-ndjson',
      '{"card":"4","é":1}\r\n\n{"card":{"no":5}}',
      '{"card":"[masked]","é":1}\r\n\n{"card":"[masked]"}',
    ],
    [
      'application/json-seq',
      '\u001E{"card":4}\n\u001E{"card":5}\n',
      '\u001E{"card":"[masked]"}\n\u001E{"card":"[masked]"}\n',
    ],
    ['text/plain', '{"card":4}\n{"card":5}', '{"card":"[masked]"}\n{"card":"[masked]"}'],
    ['application/x-www-form-urlencoded', 'a=x%40y.example&b=1+2&card=1&c', 'a=%5Bmasked%5D&b=1+2&card=%5Bmasked%5D&c'],
    ['application/problem+json', '{"a":"x@y.example"}', '{"a":"[masked]"}'],
    ['image/png', 'x@y.example', 'x@y.example'],
    ['application/json', '', ''],
    ['application/json', ' \n', ' \n'],
  ]
  it.each(bodies)('%s: %j becomes %j', async (type, before, after) => {
    const result = await maskResponse(
      { detect: ['email'], fields: ['/card'] },
      before,
      type === undefined ? {} : { 'Content-Type': type },
    )
    expect(result.text).toBe(after)
    expect(result.verdict).toBe('pass')
  })

  it('refuses JSON that cannot be read, because a value could hide in it', async () => {
    const broken = '{"card": 4111111111111111'
    expect(await maskResponse({ detect: ['card'] }, broken)).toMatchObject({
      verdict: 'deny',
      status: 502,
      code: 'BODY_NOT_JSON',
    })
    const lenient = await maskResponse({ detect: ['card'], unreadable: 'pass' }, broken)
    expect(lenient).toMatchObject({ verdict: 'pass', text: '{"card": [masked]' })
    const lines = { 'Content-Type': 'application/x-ndjson' }
    expect(await maskResponse({ fields: ['/card'] }, `{"card":1}\n${broken}`, lines)).toMatchObject({
      code: 'BODY_NOT_JSON',
    })
    const utf16 = Buffer.from('{"card":1}', 'utf16le')
    const type = { 'Content-Type': 'application/json; charset=utf-16le' }
    expect(await maskResponse({ fields: ['/card'] }, utf16, type)).toMatchObject({ code: 'BODY_NOT_JSON' })
    const request = { method: 'POST', headers: json, body: broken }
    expect(await judgeWith({ 'data-mask': { apply: ['request'], detect: ['card'] } }, { request })).toMatchObject({
      status: 400,
      code: 'BODY_MALFORMED',
    })
  })

  it('only for captures: messages stay, places are sealed, nothing is refused', async () => {
    const config = { 'data-mask': { apply: ['capture'], detect: ['card'], headers: ['X-Pin'] } }
    const given = {
      request: { method: 'POST', headers: { ...json, 'X-Pin': '1234' }, body: `{"card":"${card}"}` },
      response: { headers: json, body: '{"card": 41' },
    }
    const result = await judgeWith(config, given)
    expect(result.verdict).toBe('pass')
    expect(result.request.body!.text).toBe(given.request.body)
    expect(result.request.headers.get('x-pin')).toBe('1234')
    expect(result.response.body!.text).toBe(given.response.body)
    expect(result.trace.flatMap(({ learned }) => learned?.sealed ?? [])).toEqual([
      { in: 'header', name: 'x-pin', of: 'request' },
      { in: 'body', of: 'request', pointer: '/card' },
      { in: 'body', of: 'response' },
    ])
  })

  it('masks requests on their way to the upstream, and headers on both ways', async () => {
    const config = { 'data-mask': { apply: ['request', 'response'], fields: ['/a'], headers: ['X-Pin'] } }
    const headers = [
      ['X-Pin', '12'],
      ['Content-Type', 'application/json'],
      ['x-pin', '34'],
    ] as const
    const result = await judgeWith(config, {
      request: { method: 'POST', headers, body: '{"a":1}' },
      response: { headers: { 'X-Pin': '56' } },
    })
    expect(result.request.body!.text).toBe('{"a":"[masked]"}')
    expect(result.request.headers.all('x-pin')).toEqual(['[masked]', '[masked]'])
    expect(result.response.headers.get('x-pin')).toBe('[masked]')
    expect(JSON.stringify(result.trace)).not.toMatch(/"(?:12|34|56)"/)
  })

  it.each(['text/event-stream', 'Text/Event-Stream; charset=utf-8'])(
    'masks the events of %s one by one, and seals it whole',
    async (type) => {
      const headers = { 'Content-Type': type, 'X-Pin': '1' }
      const config = { 'data-mask': { detect: ['card'], headers: ['X-Pin'] } }
      const { trace, response } = await judgeWith(config, { response: { headers, body: '' } })
      const entry = trace.find(({ phase }) => phase === 'responseHeaders')!
      expect(entry.evidence![0]).toMatchObject({ at: { in: 'body', of: 'response' }, observed: 'text/event-stream' })
      expect(entry.learned!.sealed).toContainEqual({ in: 'body', of: 'response' })
      expect(response.headers.get('x-pin')).toBe('[masked]')
    },
  )

  it('holds only the bodies it looks at', () => {
    expect(needs({ apply: ['response'], detect: ['card'], maxBody: '1kb' })).toEqual({ response: 1024 })
    expect(needs({ apply: ['capture'], detect: ['card'], maxBody: '1kb' })).toEqual({ request: 1024, response: 1024 })
    expect(needs({ headers: ['x'] })).toEqual({})
  })

  it('seals what its configuration names, also where nothing was looked at', () => {
    expect(
      dataMask.sealed?.({ apply: ['response'], headers: ['X-Pin'], fields: ['/a', '/**/b', { pointer: '/c' }] }),
    ).toEqual([
      { in: 'header', name: 'x-pin', of: 'response' },
      { in: 'body', pointer: '/a', of: 'response' },
      { in: 'body', pointer: '/c', of: 'response' },
    ])
  })

  it.each([
    [{}, 'MISSING_KEY'],
    [{ fields: ['/a~b'] }, 'BAD_VALUE'],
    [{ headers: ['x'], replacement: 'é' }, 'BAD_VALUE'],
  ])('%j is a problem: %s', (config, code) => {
    expect(loadPolicies({ 'data-mask': config }).problems).toEqual([expect.objectContaining({ code })])
  })
  it.each([
    { fields: ['a'] },
    { detect: ['dna'] },
    { apply: [] },
    { keep: -1 },
    { headers: ['a b'] },
    { maxBody: 'much' },
    { contentTypes: ['json'] },
  ])('the schema refuses %j', (config) => {
    expect(() => loadPolicies({ 'data-mask': { fields: ['/a'], ...config } })).toThrow()
  })
})

it.each([
  ['several types', ['image/png', 'application/json']],
  ['a list of types', ['image/png, application/json']],
  ['several types, JSON first', ['application/json', 'image/png']],
])('a body with %s is looked at: who reads it may take any of them', async (_what, types) => {
  const headers = types.map((type) => ['Content-Type', type] as const)
  const given = { response: { headers, body: '{"pin":"1234"}' } }
  const { response } = await judgeWith({ 'data-mask': { fields: ['/pin'] } }, given)
  expect(response.body?.text).toBe('{"pin":"[masked]"}')
})

it.each([
  ['partial', '{"a":"+** (**) ***4567"}', 'application/json', '{"a":"+49 (30) 1234567"}'],
  ['redact', 'tel=[masked]', 'application/x-www-form-urlencoded', 'tel=%2B49301234567'],
  ['redact', '{"a":"[masked]"}', 'application/json', '{"a":"\\u002b49 30 1234567"}'],
  ['redact', '<t>[masked]</t>', 'application/xml', '<t>+49 30 1234567</t>'],
])('telephone numbers: %s gives %s', async (method, after, type, body) => {
  const given = { response: { headers: { 'Content-Type': type }, body } }
  const { response } = await judgeWith({ 'data-mask': { detect: ['phone'], with: method } }, given)
  expect(decodeURIComponent(response.body!.text)).toBe(after)
})

it('a telephone number has one hash, however it is grouped', async () => {
  const body = '["+49 30 1234567","+49-30-1234567"]'
  const given = { response: { headers: { 'Content-Type': 'application/json' }, body } }
  const { response } = await judgeWith({ 'data-mask': { detect: ['phone'], with: 'hash' } }, given)
  const [one, other] = JSON.parse(response.body!.text) as string[]
  expect(one).toMatch(/^hmac:/)
  expect(other).toBe(one)
})

describe('a format that a client may choose to get round a mask', () => {
  const withFields = { fields: ['/pin'] }
  const detecting = { detect: ['email'] }
  const utf16 = Buffer.from('\ufeff<a>jo@a.example</a>', 'utf16le')
  it.each<[object, string, string | Buffer, string | undefined]>([
    [withFields, 'application/xml', '<pin>4711</pin>', 'BODY_NOT_JSON'],
    [withFields, 'text/xml; charset=utf-8', '<pin>4711</pin>', 'BODY_NOT_JSON'],
    [withFields, 'application/atom+xml', '<pin>4711</pin>', 'BODY_NOT_JSON'],
    [withFields, 'application/yaml', 'pin: 4711', 'BODY_NOT_JSON'],
    [withFields, 'text/csv', 'pin\n4711', 'BODY_NOT_JSON'],
    [withFields, 'application/msgpack', Buffer.from([0x81, 0xa3]), 'BODY_NOT_JSON'],
    [withFields, 'application/senml+cbor', 'x', 'BODY_NOT_JSON'],
    [withFields, 'text/html', '<p>pin</p>', undefined],
    [withFields, 'text/plain', 'ok', undefined],
    [detecting, 'application/xml', '<a>jo@a.example</a>', undefined],
    [detecting, 'application/cbor', Buffer.from([0xa1]), 'BODY_NOT_JSON'],
    [detecting, 'text/xml', utf16, 'BODY_NOT_JSON'],
    [{ ...detecting, unreadable: 'pass' }, 'text/csv', 'jo@a.example', undefined],
    [{ ...withFields, unreadable: 'pass' }, 'application/xml', '<pin>4711</pin>', undefined],
  ])('%o: %s', async (config, type, body, code) => {
    const given = { response: { headers: { 'Content-Type': type }, body } }
    const result = await judgeWith({ 'data-mask': config }, given)
    expect(result.code).toBe(code)
    if (code === undefined) expect(result.response.body?.text).not.toContain('jo@a.example')
  })

  it('is sealed whole in captures that alone are masked', async () => {
    const given = { response: { headers: { 'Content-Type': 'application/xml' }, body: '<pin>4711</pin>' } }
    const result = await judgeWith({ 'data-mask': { ...withFields, apply: ['capture'] } }, given)
    expect(result.verdict).toBe('pass')
    expect(result.trace.at(-1)?.learned?.sealed).toEqual([{ in: 'body', of: 'response' }])
  })
})

it.each([
  [{ 'data-mask': { headers: ['X-*'] } }],
  [{ 'key-auth': { header: '*' } }],
  [{ 'rate-limiting': { limit: 1, window: '1s', by: 'header:X-*' } }],
  [{ 'security-headers': { remove: ['X-AspNet-*'] } }],
])('no name of a header has a wildcard where it would match nothing: %j', (policy) => {
  expect(() => loadPolicies(policy)).toThrow('pattern')
})
