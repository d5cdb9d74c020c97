import { constants, createHmac, createPrivateKey, createSecretKey, type KeyObject, sign } from 'node:crypto'
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
  const input = `${encoded(header)}.${encoded(claimsAt(spec, time))}`
  if (alg === 'none' || signature === 'none') return `${input}.`
  const bytes = signed(alg, Buffer.from(input))
  // As long as a right one, and right for nothing.
  return `${input}.${Buffer.from(signature === 'valid' ? bytes : bytes.map((byte) => byte ^ 0x5a)).toString('base64url')}`
}

function signed(alg: string, input: Buffer): Buffer {
  const hash = `sha${alg.slice(2)}`
  switch (alg.slice(0, 2)) {
    case 'HS':
      return createHmac(hash, secret()).update(input).digest()
    case 'RS':
      return sign(hash, input, privateKey('RSA'))
    case 'PS': {
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
      return sign(hash, input, { key: privateKey('RSA'), padding, saltLength })
    }
    case 'ES': {
      const curve = ({ ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const)[alg]!
      return sign(hash, input, { key: privateKey(curve), dsaEncoding: 'ieee-p1363' })
    }
    default:
      return sign(null, input, privateKey('Ed25519'))
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

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
