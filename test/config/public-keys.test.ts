import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { keysId, readPublicKeys } from '../../gateway-core/config/public-keys.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = String(publicKey.export({ type: 'spki', format: 'pem' }))
const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>

it.each<[string, string | Record<string, unknown>, number]>([
  ['PEM', spki, 1],
  ['PEM with spaces around', `\n  ${spki}\n`, 1],
  ['several PEM blocks', spki + spki, 2],
  ['a JWK as text', JSON.stringify(jwk), 1],
  ['a JWK as a mapping', { ...jwk, kid: 'a', use: 'sig' }, 1],
  ['a key set', JSON.stringify({ keys: [jwk, jwk] }), 2],
])('reads %s', (_name, written, count) => {
  const reading = readPublicKeys(written)
  expect('keys' in reading && reading.keys.map((key) => [key['kty'], key['x']])).toEqual(
    Array.from({ length: count }, () => ['EC', jwk['x']]),
  )
})

it.each<[string, string | Record<string, unknown>, RegExp]>([
  ['a private key', String(privateKey.export({ type: 'pkcs8', format: 'pem' })), /a private key stands here/],
  ['a private JWK', privateKey.export({ format: 'jwk' }), /a private key stands here/],
  ['a shared secret', { kty: 'oct', k: 'aGVsbG8' }, /shared secret/],
  ['a point off the curve', { ...jwk, y: jwk['x'] }, /does not make a public key/],
  ['an empty set', '{"keys":[]}', /empty/],
  ['something else', '{"a":1}', /no kty/],
  ['a password', 'correct horse battery staple', /not a public key/],
  ['half a PEM block', spki.slice(0, 60), /does not hold a public key/],
  ['a PEM block of nonsense', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /does not hold/],
])('refuses %s and repeats nothing of it', (_name, written, reason) => {
  const reading = readPublicKeys(written)
  expect('problem' in reading ? reading.problem : '').toMatch(reason)
  expect(JSON.stringify(reading)).not.toMatch(/horse|aGVsbG8/)
})

it('names keys by what they are', () => {
  const { kty, ...rest } = jwk
  expect(keysId([jwk])).toBe(keysId([{ ...rest, kty }]))
  expect(keysId([jwk])).not.toBe(keysId([{ ...jwk, kid: 'a' }]))
})
