import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KeySet } from '../../gateway-core/facts/key-set.ts'
import { splitToken } from '../../gateway-core/facts/token.ts'
import { corpus } from '../corpora/corpora.ts'

interface VectorFile {
  testGroups: {
    comment: string
    private?: Jwks | Jwk
    public?: Jwks | Jwk
    tests: { tcId: number; comment: string; jws: string; result: 'valid' | 'invalid' }[]
  }[]
}
type Jwk = Readonly<Record<string, unknown>>
type Jwks = { keys: readonly Jwk[] }

const folder = corpus('wycheproof-jose')
const files = ['json_web_key_test.json', 'json_web_signature_test.json']
  .map((name) => join(folder ?? '', 'testvectors_v1', name))
  .filter((path) => folder !== undefined && existsSync(path))

/** As a gateway that was given these keys decides; a set that mixes secrets and public keys is refused as a whole. */
async function accepts(keys: readonly Jwk[], jws: string): Promise<boolean> {
  const kinds = new Set(keys.map((key) => key['kty'] === 'oct'))
  if (kinds.size !== 1) return false
  const token = splitToken(jws)
  if ('malformed' in token || token.header['crit'] !== undefined) return false
  const keySet = await KeySet.import(keys, kinds.has(true) ? 'only' : 'none')
  return keySet.verify(token, token.header['alg'] as string).valid
}

describe.each(files)('%s', (path) => {
  const { testGroups } = JSON.parse(readFileSync(path, 'utf8')) as VectorFile
  const cases = testGroups.flatMap((group) => {
    const key = group.public ?? group.private!
    const keys = 'keys' in key ? (key as Jwks).keys : [key]
    return group.tests.map((test) => [`${test.tcId} ${group.comment}: ${test.comment}`, keys, test] as const)
  })
  it.each(cases)('%s', async (_name, keys, { jws, result }) => {
    expect(await accepts(keys, jws)).toBe(result === 'valid')
  })
})

// Beside the vectors, or where they are not here: what they are about, with keys of our own.
describe('keys that must not verify', () => {
  it.each<[string, Jwk, RegExp]>([
    ['made for encryption', { kty: 'RSA', use: 'enc', n: 'AQAB', e: 'AQAB' }, /its use is "enc"/],
    ['of no signature algorithm', { kty: 'EC', crv: 'P-256', alg: 'ES521' }, /no signature algorithm fits/],
    ['of another kind than it says', { kty: 'RSA', crv: 'P-256', x: 'AA', y: 'AA' }, /do not make a key/],
    ['off its curve', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, /do not make a key/],
    ['of a type that nobody knows', { kty: 'XYZ' }, /no signature algorithm fits/],
    ['without a type', {}, /no signature algorithm fits/],
    ['with a list as kid', { kty: 'EC', kid: [] }, /its kid is not a text/],
    ['that may only sign', { kty: 'EC', key_ops: ['sign'] }, /key_ops/],
  ])('%s', async (_name, jwk, reason) => {
    const { keys, problems } = await KeySet.import([jwk], 'none')
    expect(keys).toEqual([])
    expect(problems[0]).toMatch(reason)
  })
})
