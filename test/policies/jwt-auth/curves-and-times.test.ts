import { describe, expect, it } from 'vitest'
import { makeToken } from '../../facts/token-maker.ts'
import { call, goodClaims, key, second, seconds, useIssuers, world } from './fixture.ts'

useIssuers()

/** Order of P-256. */
const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
const half = (hex: string): string => hex.padStart(64, '0')

describe('signatures on a curve that prove nothing', () => {
  const elliptic = () => ({
    issuer: undefined,
    issuers: [{ issuer: world.other.url, jwks: world.other.jwksUrl, algorithms: ['ES256'] }],
  })
  const token = () => makeToken(second, { ...goodClaims(), iss: world.other.url })
  const signedBy = (bytes: Buffer): string =>
    `${token().split('.').slice(0, 2).join('.')}.${bytes.toString('base64url')}`

  it('a good one passes', async () => {
    expect((await call(token(), elliptic())).verdict).toBe('pass')
  })

  it.each([
    ['both numbers zero', half('0') + half('0')],
    ['r zero', half('0') + half('1')],
    ['s zero', half('1') + half('0')],
    ['both numbers the order of the curve', order + order],
    ['r the order, s one', order + half('1')],
    ['both numbers one', half('1') + half('1')],
    ['all bits set', 'f'.repeat(128)],
    ['one byte less', '01'.repeat(63)],
    ['one byte more', '01'.repeat(65)],
    ['nothing', ''],
    ['zeros in DER', '3006020100020100'],
  ])('%s', async (_name, hex) => {
    expect((await call(signedBy(Buffer.from(hex, 'hex')), elliptic())).code).toBe('SIGNATURE_INVALID')
  })

  it('a good one in DER', async () => {
    const raw = Buffer.from(token().split('.')[2]!, 'base64url')
    const number = (bytes: Buffer): Buffer => {
      const padded = bytes[0]! > 127 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
      return Buffer.concat([Buffer.of(2, padded.length), padded])
    }
    const both = Buffer.concat([number(raw.subarray(0, 32)), number(raw.subarray(32))])
    expect((await call(signedBy(Buffer.concat([Buffer.of(0x30, both.length), both])), elliptic())).code).toBe(
      'SIGNATURE_INVALID',
    )
  })
})

describe('times at their edges', () => {
  const at = (claims: object, config: object = {}) =>
    call(makeToken(key, { ...goodClaims(), ...claims }), { clockSkew: '30s', ...config })
  it.each<[claims: object, code: string | undefined]>([
    [{ exp: seconds + 0.5 }, undefined],
    [{ exp: seconds - 29 }, undefined],
    [{ exp: seconds - 31 }, 'TOKEN_EXPIRED'],
    [{ exp: 0 }, 'TOKEN_EXPIRED'],
    [{ exp: -1 }, 'TOKEN_EXPIRED'],
    [{ exp: -1e300 }, 'TOKEN_MALFORMED'],
    [{ exp: true }, 'TOKEN_MALFORMED'],
    [{ exp: [seconds + 600] }, 'TOKEN_MALFORMED'],
    [{ exp: {} }, 'TOKEN_MALFORMED'],
    [{ exp: '' }, 'TOKEN_MALFORMED'],
    [{ nbf: seconds + 29 }, undefined],
    [{ nbf: seconds + 31 }, 'TOKEN_NOT_YET_VALID'],
    [{ nbf: 1e300 }, 'TOKEN_MALFORMED'],
    [{ nbf: 'now' }, 'TOKEN_MALFORMED'],
    [{ iat: 'now' }, 'TOKEN_MALFORMED'],
  ])('%j is %s', async (claims, code) => {
    const result = await at(claims)
    expect(result.code).toBe(code)
    expect(result.trace.filter((entry) => entry.verdict === 'error')).toEqual([])
  })
})
