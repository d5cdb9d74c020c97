import { afterAll, beforeAll } from 'vitest'
import { createLiveFacts, type LiveFacts } from '../../../gateway-core/facts/live.ts'
import { type IssuerServer, startIssuer } from '../../facts/issuer-server.ts'
import { makeKey, makeToken } from '../../facts/token-maker.ts'
import { type Given, judgeWith } from '../harness.ts'

export const now = Date.UTC(2026, 0, 15, 12)
export const seconds = now / 1000
export const key = makeKey('a1', 'RS256')
export const second = makeKey('b1', 'ES256')

/** Two real issuers and live facts, for the tests of one file. */
export const world: { issuer: IssuerServer; other: IssuerServer; facts: LiveFacts } = {} as never

export function useIssuers(): void {
  beforeAll(async () => {
    world.issuer = await startIssuer([key])
    world.other = await startIssuer([second])
    world.facts = createLiveFacts({ key: { tag: (value) => `tag:${value.length}`, random: () => 0.5 }, now: () => now })
  })
  afterAll(() => Promise.all([world.issuer.stop(), world.other.stop()]))
}

export const goodClaims = () => ({
  iss: world.issuer.url,
  aud: 'books',
  sub: 'ada',
  exp: seconds + 600,
  iat: seconds - 60,
})

export const goodToken = () => makeToken(key, goodClaims())

/** Judges a request with this bearer token by `jwt-auth`, which trusts the first issuer. */
export function call(token: string | undefined, config: object = {}, request?: Given['request'], given: Given = {}) {
  const headers: [string, string][] = token === undefined ? [] : [['Authorization', `Bearer ${token}`]]
  const policy = { 'jwt-auth': { issuer: world.issuer.url, ...config } }
  return judgeWith(policy, { facts: world.facts, now, request: request ?? { headers }, ...given })
}
