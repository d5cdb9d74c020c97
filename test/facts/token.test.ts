import { compactVerify, importJWK } from 'jose'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeySet } from '../../gateway-core/facts/key-set.ts'
import { readToken, splitToken } from '../../gateway-core/facts/token.ts'
import { encode, makeKey, makeToken } from './token-maker.ts'

const keys = [makeKey('r', 'RS256'), makeKey('p', 'PS256'), makeKey('e', 'ES256'), makeKey('d', 'EdDSA')]

it('reads header and claims, and never the signature', () => {
  const token = makeToken(keys[2]!, { sub: 'ada', list: [1, { a: null }] })
  expect(readToken(token)).toEqual({
    form: 'jws',
    header: { alg: 'ES256', kid: 'e', typ: 'JWT' },
    claims: { sub: 'ada', list: [1, { a: null }] },
  })
})

it('what it read cannot be changed by whoever holds it', () => {
  const reading = readToken(makeToken(keys[2]!, { roles: ['reader'] }))
  expect(() => {
    ;(reading as unknown as { claims: { roles: string[] } }).claims.roles.push('admin')
  }).toThrow(TypeError)
})

it.each<[string, string]>([
  ['{"alg":"ES256","x":1,"x":2}', 'the header has the member "x" twice'],
  ['{"alg":"ES256","x":"{\\"x\\":1}","y":"x"}', ''],
  ['{"alg":"ES256","x":[{"k":1},{"k":2}]}', ''],
  ['{"alg":"ES256","a":{"b":{"c":1}},"b":1}', ''],
  ['{"alg" : "ES256" , "alg"\n:"x"}', 'the header has the member "alg" twice'],
])('duplicates are members of one object: %s', (header, reason) => {
  const reading = readToken(`${encode(header)}.${encode({})}.AA`)
  expect('reason' in reading ? reading.reason : '').toBe(reason)
})

describe('whatever comes', () => {
  const part = fc.oneof(
    fc.base64String(),
    fc.string(),
    fc.json().map(encode),
    fc.constant(''),
    fc.string({ unit: 'binary' }),
  )
  it('is read or refused with a reason that repeats none of it, and never throws', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const token = parts.join('.')
        const reading = readToken(token)
        expect(['jws', 'malformed']).toContain(reading.form)
        if (reading.form === 'malformed' && token.length > 24) expect(reading.reason).not.toContain(token)
      }),
      { numRuns: 2000 },
    )
  })

  it('is never accepted where jose refuses it', async () => {
    const keySet = await KeySet.import(
      keys.map((key) => key.jwk),
      'none',
    )
    const change = fc.record({ at: fc.nat(), to: fc.constantFrom(...Array.from('ABCabc019-_.=+/ ')) })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...keys),
        fc.option(change),
        fc.dictionary(fc.string(), fc.jsonValue()),
        async (key, edit, claims) => {
          let token = makeToken(key, claims)
          if (edit) token = token.slice(0, edit.at % token.length) + edit.to + token.slice((edit.at % token.length) + 1)
          const jws = splitToken(token)
          const ours = !('malformed' in jws) && keySet.verify(jws, key.alg).valid
          const theirs = await compactVerify(token, await importJWK(key.jwk, key.alg), { algorithms: [key.alg] }).then(
            () => true,
            () => false,
          )
          if (ours) expect(theirs).toBe(true)
          if (!edit) expect(ours).toBe(theirs)
        },
      ),
      { numRuns: 150 },
    )
  })
})
