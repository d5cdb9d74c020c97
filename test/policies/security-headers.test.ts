import { describe, expect, it } from 'vitest'
import { securityHeaders } from '../../gateway-core/policies/security-headers.ts'
import { judgeWith, loadPolicies } from './harness.ts'

async function headersOf(config: object, upstream: Record<string, string> = {}, url = 'https://gateway.test/') {
  const result = await judgeWith({ 'security-headers': config }, { request: { url }, response: { headers: upstream } })
  return Object.fromEntries([...result.response.headers.entries()].map(([name, value]) => [name.toLowerCase(), value]))
}

describe('security-headers', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(securityHeaders.docs.example).problems).toEqual([])
  })

  it('by default makes browsers careful as an API can, and hides what runs behind', async () => {
    expect(await headersOf({}, { Server: 'Apache/2.2.8', 'X-Powered-By': 'PHP/5.2' })).toEqual({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000',
    })
  })

  it('sends Strict-Transport-Security only over TLS', async () => {
    expect(await headersOf({}, {}, 'http://gateway.test/')).not.toHaveProperty('strict-transport-security')
    expect(await headersOf({ hsts: { maxAge: '730d', includeSubDomains: true, preload: true } })).toMatchObject({
      'strict-transport-security': 'max-age=63072000; includeSubDomains; preload',
    })
    expect(await headersOf({ hsts: false })).not.toHaveProperty('strict-transport-security')
  })

  it('keeps what the upstream set, or overwrites it', async () => {
    const upstream = { 'x-frame-options': 'SAMEORIGIN', 'Content-Security-Policy': "default-src 'self'" }
    expect(await headersOf({}, upstream)).toMatchObject({ 'x-frame-options': 'SAMEORIGIN' })
    expect(await headersOf({ existing: 'overwrite' }, upstream)).toMatchObject({
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
  })

  it.each([
    ['an empty value', { 'Content-Security-Policy': '' }],
    ['space', { 'Content-Security-Policy': '  ' }],
    ['empty members', { 'Content-Security-Policy': ' , ' }],
  ])('%s of the upstream protects nothing, so it does not stand in the way', async (_what, upstream) => {
    expect(await headersOf({}, upstream)).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
  })

  it('overwrites what stands several times with one value', async () => {
    const twice = [
      ['X-Frame-Options', 'SAMEORIGIN'],
      ['x-frame-options', 'ALLOWALL'],
    ] as const
    const given = { response: { headers: twice } }
    const { response } = await judgeWith({ 'security-headers': { existing: 'overwrite' } }, given)
    expect(response.headers.all('x-frame-options')).toEqual(['DENY'])
  })

  it.each([
    ["script-src 'unsafe-inline'", "'unsafe-inline'"],
    ["script-src 'UNSAFE-INLINE'", "'UNSAFE-INLINE'"],
    ["default-src 'self'; script-src-elem *", '*'],
    ['script-src https:', 'https:'],
    ["script-src 'nonce-abc' 'unsafe-eval'", "'unsafe-eval'"],
    ["script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'", undefined],
    ["script-src 'sha256-abc=' 'unsafe-inline'", undefined],
    ["style-src 'unsafe-inline'", undefined],
    ["script-src 'self' https://cdn.example", undefined],
  ])('the policy %s lets scripts run by %s', async (contentSecurityPolicy, open) => {
    const { problems } = await judgeWith({ 'security-headers': { contentSecurityPolicy } })
    expect(problems.map(({ message }) => message.split(' ')[0])).toEqual(open === undefined ? [] : [open])
  })

  it('each header can be set or left out', async () => {
    const config = {
      preset: 'page',
      contentSecurityPolicy: false,
      frameOptions: 'DENY',
      permissionsPolicy: 'camera=()',
      contentTypeOptions: false,
      hsts: false,
    }
    expect(await headersOf(config)).toEqual({
      'x-frame-options': 'DENY',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'permissions-policy': 'camera=()',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(
      await headersOf({
        preset: 'none',
        hsts: false,
        contentTypeOptions: false,
        crossOriginEmbedderPolicy: 'require-corp',
      }),
    ).toEqual({ 'cross-origin-embedder-policy': 'require-corp' })
  })

  it('also hardens denials of the gateway', async () => {
    const result = await judgeWith([{ 'security-headers': {} }, { 'ip-restriction': { deny: ['0.0.0.0/0'] } }])
    expect(result.status).toBe(403)
    expect(result.response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('with nothing to do it changes nothing', async () => {
    const result = await judgeWith({ 'security-headers': { preset: 'none', hsts: false, contentTypeOptions: false } })
    expect(result.trace).toMatchObject([{ verdict: 'pass' }])
  })

  it.each([
    [{ contentSecurityPolicy: "default-src 'self'\r\nX: y" }, ['BAD_VALUE']],
    [{ contentSecurityPolicy: '' }, ['BAD_VALUE']],
    [{ contentSecurityPolicy: 'default-src ‘self’' }, ['BAD_VALUE']],
    [{ permissionsPolicy: 'camera=()\n' }, ['BAD_VALUE']],
    [{ contentSecurityPolicy: 'defualt-src *' }, ['BAD_VALUE']],
    [{ contentSecurityPolicy: "img-src 'self'; img-src *" }, ['BAD_VALUE']],
    [{ contentSecurityPolicy: "script-src 'unsafe-inline'" }, ['UNSAFE']],
    [{ referrerPolicy: 'unsafe-url' }, ['UNSAFE']],
    [{ hsts: { preload: true } }, ['BAD_VALUE']],
    [{ remove: ['x-frame-options'] }, ['BAD_VALUE']],
  ])('says what is wrong with %j', (config, codes) => {
    const { problems } = loadPolicies({ 'security-headers': config })
    expect(problems.map(({ code }) => code)).toEqual(codes)
  })

  it.each([
    { preset: 'web' },
    { frameOptions: 'ALLOW-FROM x' },
    { remove: ['a b'] },
    { hsts: { maxAge: 'long' } },
    { hsts: true },
  ])('its schema refuses %j', (config) => {
    expect(() => loadPolicies({ 'security-headers': config })).toThrow()
  })
})
