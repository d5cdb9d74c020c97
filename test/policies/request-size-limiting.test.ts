import { describe, expect, it } from 'vitest'
import { requestSizeLimiting } from '../../gateway-core/policies/request-size-limiting.ts'
import { markerOf } from '../../gateway-core/capture/markers.ts'
import { RecordedHeaders, recordedRequest } from '../../gateway-core/rejudge/sealed-message.ts'
import { type Given, judgeWith, loadPolicies } from './harness.ts'

const judge = (config: object, request: Given['request']) => judgeWith({ 'request-size-limiting': config }, { request })

describe('request-size-limiting', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(requestSizeLimiting.docs.example).problems).toEqual([])
  })

  const table: [config: object, request: Given['request'], code: string | undefined, observed?: unknown][] = [
    [{ url: 10 }, { url: '/123456789' }, undefined],
    [{ url: 10 }, { url: '/12345?7890' }, 'URL_OVER_LIMIT', 11],
    [{ headers: 20 }, { headers: { Host: 'a.example.com' } }, 'HEADERS_OVER_LIMIT', 21],
    [{ headers: 21 }, { headers: { Host: 'a.example.com' } }, undefined],
    [{ headers: 0 }, {}, undefined],
    [
      { headerCount: 1 },
      {
        headers: [
          ['A', ''],
          ['a', ''],
        ],
      },
      'HEADERS_OVER_LIMIT',
      2,
    ],
    [{ body: '1kb' }, { method: 'POST', body: 'x'.repeat(1024) }, undefined],
    [{ body: '1kb' }, { method: 'POST', body: 'x'.repeat(1025) }, 'BODY_OVER_LIMIT', 1025],
    [{ body: 0 }, { method: 'POST', body: '' }, undefined],
    [{ body: 0 }, { method: 'POST', body: 'x' }, 'BODY_OVER_LIMIT', 1],
    [{ body: 3 }, { method: 'POST', body: 'äü' }, 'BODY_OVER_LIMIT', 4],
    [{ requireLength: true }, { method: 'GET' }, undefined],
  ]
  it.each(table)('%j judges %j as %s', async (config, request, code, observed) => {
    const result = await judge(config, request)
    expect(result.code).toBe(code)
    if (code !== undefined) expect(result.evidence[0]).toMatchObject({ observed, expected: expect.any(String) })
  })

  it('refuses a declared length before the body is read, and a decoded body that grew', async () => {
    const declared = await judge({ body: 10 }, { method: 'POST', body: 'x'.repeat(11) })
    expect(declared).toMatchObject({ status: 413, trace: [{ phase: 'requestHeaders', verdict: 'deny' }] })
    const prepared = requestSizeLimiting.prepare({ body: 10, requireLength: true }, undefined as never) as never
    expect(requestSizeLimiting.body?.(prepared)).toEqual({ request: 11 })
    const request = { body: { bytes: new Uint8Array(11) }, headers: { raw: [] } }
    expect(requestSizeLimiting.phases.requestBody?.(prepared, { request } as never, undefined as never)).toMatchObject({
      code: 'BODY_OVER_LIMIT',
      evidence: [{ at: { in: 'body' }, observed: 11, expected: 'at most 10 bytes' }],
    })
    const chunked = { target: '/', hasBody: true, contentLength: undefined, headers: { raw: [] } }
    expect(
      requestSizeLimiting.phases.requestHeaders?.(prepared, { request: chunked } as never, undefined as never),
    ).toMatchObject({ code: 'LENGTH_REQUIRED' })
  })

  it('measures alike when its secrets are gone', () => {
    const token = 'Bearer '.padEnd(60, 'x')
    const key = 'k'.repeat(30)
    const ask = (authorization: string, query: string, config: object) => {
      const prepared = requestSizeLimiting.prepare({ requireLength: false, ...config } as never, undefined as never)
      const request = recordedRequest({
        method: 'GET',
        scheme: 'http',
        authority: 'a',
        path: '/a',
        query,
        target: `/a?${query}`,
        hasBody: false,
        headers: new RecordedHeaders(['Host', 'a', 'Authorization', authorization]),
      })
      return requestSizeLimiting.phases.requestHeaders?.(prepared as never, { request } as never, undefined as never)
    }
    const sealed = [markerOf('tag', token.length), `key=${markerOf('tag', key.length)}`] as const
    for (const config of [{ headers: 85 }, { headers: 86 }, { url: 36 }, { url: 37 }])
      expect(ask(...sealed, config), JSON.stringify(config)).toEqual(ask(token, `key=${key}`, config))
    expect(ask(...sealed, { headers: 85 })).toMatchObject({ code: 'HEADERS_OVER_LIMIT', evidence: [{ observed: 86 }] })
    expect(ask(...sealed, { url: 36 })).toMatchObject({ code: 'URL_OVER_LIMIT', evidence: [{ observed: 37 }] })
  })

  it.each([{}, { body: '2gb' }, { url: 1e12 }])('says what is wrong with %j', (config) => {
    expect(loadPolicies({ 'request-size-limiting': config }).problems).toHaveLength(1)
  })
  it.each([{ body: 'large' }, { body: -1 }, { headerCount: 0 }])('its schema refuses %j', (config) => {
    expect(() => loadPolicies({ 'request-size-limiting': config })).toThrow()
  })
})
