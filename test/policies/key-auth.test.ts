import { describe, expect, it } from 'vitest'
import { createLiveFacts } from '../../gateway-core/facts/live.ts'
import { judgeWith } from './harness.ts'

// The harness tags a consumer's key as `tag(key)`; a presented one is tagged alike.
const facts = createLiveFacts({ key: { tag: (value) => `tag(${value})`, random: () => 0 }, now: () => 0 })
const consumers = [
  { name: 'mobile-app', groups: ['readers'], keyTags: ['tag(k-mobile)', 'tag(k-mobile-old)'] },
  { name: 'batch', groups: [], keyTags: ['tag(k-batch)'] },
  { name: 'forgotten', groups: ['admins'], keyTags: ['tag()'] },
]

type Request = { url?: string; headers?: Record<string, string> | [string, string][] }
const call = (config: object, request: Request) => judgeWith({ 'key-auth': config }, { facts, consumers, request })

describe('a known key', () => {
  it.each<[string, object, Request]>([
    ['in the usual header', {}, { headers: { 'x-api-key': 'k-mobile' } }],
    ['in a header of another name', { header: 'Api-Token' }, { headers: { 'api-token': 'k-mobile-old' } }],
    ['in the query, encoded', { query: ['key', 'api_key'] }, { url: '/books?q=1&api_key=k%2Dmobile' }],
    ['in a cookie', { cookie: 'key' }, { headers: { cookie: 'other=1; key=k-mobile' } }],
    [
      'twice, and the same',
      { header: 'X-API-Key', query: 'key' },
      { url: '/?key=k-mobile', headers: { 'X-API-Key': 'k-mobile' } },
    ],
  ])('%s names its consumer', async (_name, config, request) => {
    const result = await call(config, request)
    expect(result).toMatchObject({ verdict: 'pass', problems: [] })
    expect(result.learned.consumer).toEqual({ name: 'mobile-app', groups: ['readers'] })
    expect(JSON.stringify([result.trace, result.facts])).not.toContain('"k-mobile')
  })

  it('is not forwarded when hidden, and nothing else is lost', async () => {
    const request = {
      url: '/books?a=%2F&key=k-mobile&b',
      headers: [
        ['Cookie', 'x=1; key=k-mobile; y="2"'],
        ['X-API-Key', 'k-mobile'],
        ['Accept', '*/*'],
      ] as [string, string][],
    }
    const result = await call({ header: 'X-API-Key', query: 'key', cookie: 'key', hide: true }, request)
    expect(result.request.query).toBe('a=%2F&b')
    expect(result.request.headers.raw).toEqual(['Cookie', 'x=1; y="2"', 'Accept', '*/*'])
    expect(result.learned.consumer?.name).toBe('mobile-app')
  })
})

describe('a denial', () => {
  it.each<[string, object, Request, string]>([
    ['no key', {}, {}, 'KEY_MISSING'],
    ['a key where none is looked for', { header: 'X-API-Key' }, { url: '/?X-API-Key=k-mobile' }, 'KEY_MISSING'],
    ['an unknown key', {}, { headers: { 'x-api-key': 'k-mobile-' } }, 'KEY_UNKNOWN'],
    ['the tag instead of the key', {}, { headers: { 'x-api-key': 'tag(k-mobile)' } }, 'KEY_UNKNOWN'],
    ['an empty key', {}, { headers: { 'x-api-key': '' } }, 'KEY_UNKNOWN'],
    [
      'two keys in two places',
      { header: 'X-API-Key', query: 'k' },
      { url: '/?k=k-batch', headers: { 'x-api-key': 'k-mobile' } },
      'KEY_AMBIGUOUS',
    ],
    [
      'two keys in one place',
      {},
      {
        headers: [
          ['X-API-Key', 'k-mobile'],
          ['x-api-key', 'k-batch'],
        ],
      },
      'KEY_AMBIGUOUS',
    ],
    ['two keys of one consumer', { query: 'k' }, { url: '/?k=k-mobile&k=k-mobile-old' }, 'KEY_AMBIGUOUS'],
  ])('for %s', async (_name, config, request, code) => {
    const result = await call(config, request)
    expect(result).toMatchObject({ verdict: 'deny', status: 401, code })
    expect(result.response.headers.get('www-authenticate')).toBe('Key realm="api"')
    expect(result.evidence.length).toBeGreaterThan(0)
    expect(JSON.stringify(result.trace)).not.toMatch(/k-(mobile|batch)/)
  })
})
