import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto'
import { encodedPart, signatureOf } from '../facts/jws.ts'
import { claimsAt } from './read-given.ts'
import type { TokenSpec } from './policy-test.ts'
import { testKeys, testSecret } from './test-keys.ts'

/**
 * Makes the token that a test describes, at a time in ms since the epoch, signed with the keys of tests. The header may be
 * anything: what to make of a strange one is the policy's business.
 */
export function mintToken(spec: TokenSpec, time: number): string {
  const { alg, signature } = spec
  const header: Record<string, unknown> = { alg, typ: 'JWT', ...spec.header }
  for (const [name, value] of Object.entries(header)) if (value === null) delete header[name]
  const input = `${encodedPart(header)}.${encodedPart(claimsAt(spec, time))}`
  if (alg === 'none' || signature === 'none') return `${input}.`
  const bytes = signatureOf(input, alg, keyFor(alg))
  // As long as a right one, and right for nothing.
  return `${input}.${Buffer.from(signature === 'valid' ? bytes : bytes.map((byte) => byte ^ 0x5a)).toString('base64url')}`
}

/** The key of tests that an algorithm takes. */
function keyFor(alg: string): KeyObject {
  switch (alg.slice(0, 2)) {
    case 'HS':
      return secret()
    case 'RS':
    case 'PS':
      return privateKey('RSA')
    case 'ES':
      return privateKey(({ ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const)[alg]!)
    default:
      return privateKey('Ed25519')
  }
}

const keys = new Map<string, KeyObject>()

function privateKey(name: keyof typeof testKeys): KeyObject {
  let key = keys.get(name)
  if (!key) keys.set(name, (key = createPrivateKey({ key: testKeys[name], format: 'jwk' })))
  return key
}

function secret(): KeyObject {
  return createSecretKey(Buffer.from(testSecret.k!, 'base64url'))
}
