import { parseDuration } from '../../config/units.ts'
import type { Claims, Evidence, Exchange, Place } from '../../exchange.ts'
import { type Maybe, type SignatureCheck, type TokenReading, whenReady } from '../../pipeline/facts.ts'
import type { Learned, Outcome } from '../../pipeline/outcome.ts'
import { definePolicy, type Judge, type Setup } from '../../pipeline/policy.ts'
import { hideCredential } from '../hide-credential.ts'
import { type CallerRules, callerOf, forwardClaims, prepareCaller } from './caller.ts'
import { brokenClaim, type ClaimRules, compileClaims, observedClaim } from './claim-rules.ts'
import { type Challenge, denyToken } from './denial.ts'
import { type Issuer, type Issuers, prepareIssuers } from './issuers.ts'
import { jwtAuthSchema } from './schema.ts'
import { brokenTime, type TimeRules } from './time-claims.ts'

interface Prepared {
  readonly place: Place
  readonly scheme: string | undefined
  readonly issuers: Issuers
  /** Lower case, without `application/`; undefined: the usual ones. */
  readonly types: ReadonlySet<string> | undefined
  readonly time: TimeRules
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
  readonly claims: ClaimRules
  readonly caller: CallerRules
  readonly forward: readonly (readonly [header: string, claim: string])[]
  readonly hide: boolean
  readonly challenge: Challenge
  /** What was found out last about claims that came before: a token that was verified once brings the same ones again. */
  readonly found: WeakMap<Claims, Found>
}

/** What a token tells as long as the same minutes are left of it. */
interface Found {
  readonly check: SignatureCheck
  readonly algorithm: string
  readonly minutesLeft: number | 'no expiry'
  readonly evidence: readonly Evidence[]
  readonly learned: Learned
}

type Jws = Extract<TokenReading, { form: 'jws' }>

/** Accepts requests with a valid JWT (RFC 7519) as RFC 8725 says, and tells later policies who calls. */
export const jwtAuth = definePolicy({
  type: 'jwt-auth',
  docs: {
    summary: 'Accepts requests that carry a valid signed token (JWT) of a trusted issuer.',
    owasp: ['API2:2023', 'API5:2023'],
    example: `- jwt-auth:
    issuer: https://id.example.com
    audience: books
    algorithms: [RS256, ES256]
    scopes: [books:read]
    groupsClaim: roles`,
  },
  config: jwtAuthSchema,
  prepare: (config, setup): Prepared => {
    const { place, scheme } = tokenPlace(config.in ?? {}, setup)
    for (const name of Object.keys(config.forward)) checkForward(name, setup)
    return {
      place,
      scheme,
      issuers: prepareIssuers(config, setup),
      types: config.typ === undefined ? undefined : new Set([config.typ].flat().map((type) => plainType(type))),
      time: {
        skewMs: parseDuration(config.clockSkew) ?? 0,
        requireExpiry: config.requireExpiry,
        maxAgeMs: config.maxAge === undefined ? undefined : parseDuration(config.maxAge),
      },
      scopes: config.scopes,
      anyScope: config.anyScope,
      claims: compileClaims(config.claims, setup),
      caller: prepareCaller([config.consumerClaim].flat(), [config.groupsClaim ?? []].flat(), setup.consumers),
      forward: Object.entries(config.forward),
      hide: config.hide,
      challenge: { realm: config.realm, scope: [...new Set([...config.scopes, ...config.anyScope])].join(' ') },
      found: new WeakMap(),
    }
  },
  phases: { requestHeaders: judgeToken },
  ownHeaders: ({ forward }) => forward.map(([header]) => header),
  sealed: (config) => [tokenPlace(config.in ?? {}).place],
  identifies: ({ caller }) => ({
    consumers: 'anybody',
    groups: caller.groupsClaims.length === 0 ? 'workspace' : 'anybody',
  }),
})

function judgeToken(prepared: Prepared, exchange: Exchange, judge: Judge): Maybe<Outcome> {
  const { place, scheme, challenge } = prepared
  const fact = judge.facts.token(place, scheme)
  if ('unavailable' in fact) return denyToken(challenge, 'KEYS_UNAVAILABLE', { at: place, observed: fact.unavailable })
  const reading = fact.value
  if (reading.form !== 'jws') return denyForm(prepared, reading)
  const issuer = issuerOf(prepared, reading)
  if ('verdict' in issuer) return issuer
  const algorithm = reading.header['alg'] as string
  const signature = judge.facts.signature(place, issuer.source, algorithm, scheme)
  return whenReady(signature, (answer) => {
    if ('unavailable' in answer) {
      const observed = answer.unavailable
      return denyToken(challenge, 'KEYS_UNAVAILABLE', { at: place, observed, expected: `keys of ${issuer.source.id}` })
    }
    if (!answer.value.valid) {
      const expected = `a signature by a key of ${issuer.source.id}`
      return denyToken(challenge, 'SIGNATURE_INVALID', { at: place, observed: answer.value.reason, expected })
    }
    return judgeClaims(prepared, issuer, reading, answer.value, exchange, judge.now)
  })
}

function denyForm({ place, scheme, challenge }: Prepared, reading: Exclude<TokenReading, Jws>): Outcome {
  const expected = scheme === undefined ? 'a token (JWT)' : `${scheme} and a token (JWT)`
  if (reading.form === 'several') {
    return denyToken(challenge, 'TOKEN_AMBIGUOUS', { at: place, observed: `${reading.count} values`, expected: 'one' })
  }
  if (reading.form === 'malformed') {
    const wanted = 'a signed token in compact form (RFC 7515 §3.1)'
    return denyToken(challenge, 'TOKEN_MALFORMED', { at: place, observed: reading.reason, expected: wanted })
  }
  const observed = reading.instead === undefined ? null : `the scheme ${reading.instead}`
  return denyToken(challenge, 'TOKEN_MISSING', { at: place, observed, expected })
}

/** What can be said before the signature: algorithm, critical headers, type, issuer. Only names of this configuration count. */
function issuerOf({ place, issuers, types, challenge }: Prepared, { header, claims }: Jws): Issuer | Outcome {
  const algorithm = header['alg'] as string
  if (!issuers.algorithms.has(algorithm)) return denyAlgorithm(challenge, place, algorithm, issuers)
  if (header['crit'] !== undefined) {
    const observed = observedClaim(header['crit'])
    return denyToken(challenge, 'CRITICAL_HEADER_UNKNOWN', { at: place, observed, expected: 'a header without crit' })
  }
  const type = header['typ'] as string | undefined
  if (!typeAccepted(types, type)) {
    const expected = types ? `typ ${[...types].join(' or ')}` : 'typ JWT, at+jwt or none'
    return denyToken(challenge, 'TYPE_NOT_ALLOWED', { at: place, observed: observedClaim(type), expected })
  }
  const name = claims['iss']
  const issuer = issuers.any ?? (typeof name === 'string' ? issuers.byName.get(name) : undefined)
  if (!issuer) {
    const expected = [...issuers.byName.keys()].join(' or ')
    return denyToken(challenge, 'ISSUER_NOT_ALLOWED', {
      at: { in: 'claim', name: 'iss' },
      observed: observedClaim(name),
      expected: `${expected}${slashHint(name, issuers)}`,
    })
  }
  return issuer.algorithms.has(algorithm) ? issuer : denyAlgorithm(challenge, place, algorithm, issuer)
}

function denyAlgorithm(challenge: Challenge, at: Place, algorithm: string, { algorithms }: Issuer | Issuers): Outcome {
  const expected = `alg ${[...algorithms].join(' or ')}`
  return denyToken(challenge, 'ALGORITHM_NOT_ALLOWED', { at, observed: observedClaim(algorithm), expected })
}

function judgeClaims(
  prepared: Prepared,
  issuer: Issuer,
  { header, claims }: Jws,
  check: Extract<SignatureCheck, { valid: true }>,
  exchange: Exchange,
  now: number,
): Outcome {
  const { challenge, time } = prepared
  const wrong = brokenTime(claims, now, time) ?? brokenAudience(issuer, claims) ?? brokenScope(prepared, claims)
  if (wrong) return denyToken(challenge, wrong.code, wrong.evidence)
  const broken = brokenClaim(prepared.claims, claims)
  if (broken) return denyToken(challenge, broken.code, broken.evidence)
  const { evidence, learned } = foundOf(prepared, header['alg'] as string, check, claims, now)
  if (prepared.forward.length === 0 && !prepared.hide) return { verdict: 'pass', evidence, learned }
  const hidden = prepared.hide ? hideCredential(exchange, prepared.place) : []
  const changes = [...hidden, ...forwardClaims(prepared.forward, exchange, claims)]
  return { verdict: 'modify', changes, evidence, learned }
}

function foundOf(
  { found, caller }: Prepared,
  algorithm: string,
  check: Extract<SignatureCheck, { valid: true }>,
  claims: Claims,
  now: number,
): Found {
  const { exp, iss } = claims
  const minutesLeft = typeof exp === 'number' ? Math.floor((exp * 1000 - now) / 60_000) : 'no expiry'
  const before = found.get(claims)
  if (before?.check === check && before.algorithm === algorithm && before.minutesLeft === minutesLeft) return before
  const observed = typeof iss === 'string' ? iss : null
  const detail = { algorithm, kid: check.kid ?? 'none', minutesLeft }
  const evidence: Evidence[] = [{ at: { in: 'claim', name: 'iss' }, observed, detail }]
  const next: Found = {
    check,
    algorithm,
    minutesLeft,
    evidence,
    learned: { consumer: callerOf(caller, claims), claims },
  }
  found.set(claims, next)
  return next
}

function brokenAudience({ audience }: Issuer, claims: Claims) {
  if (audience.length === 0) return undefined
  const { aud } = claims
  const fits = Array.isArray(aud)
    ? aud.some((one) => audience.includes(one as string))
    : audience.includes(aud as string)
  if (fits) return undefined
  const expected = audience.join(' or ')
  const evidence: Evidence = { at: { in: 'claim', name: 'aud' }, observed: observedClaim(aud), expected }
  return { code: 'AUDIENCE_NOT_ALLOWED', evidence } as const
}

function brokenScope({ scopes, anyScope }: Prepared, claims: Claims) {
  if (scopes.length === 0 && anyScope.length === 0) return undefined
  const name = claims['scope'] === undefined && claims['scp'] !== undefined ? 'scp' : 'scope'
  const written = claims[name]
  const has: readonly unknown[] =
    typeof written === 'string' ? written.split(' ') : Array.isArray(written) ? written : []
  const missing = scopes.filter((scope) => !has.includes(scope))
  if (missing.length === 0 && (anyScope.length === 0 || anyScope.some((scope) => has.includes(scope)))) return undefined
  const expected = missing.length > 0 ? `also ${missing.join(' ')}` : `one of ${anyScope.join(', ')}`
  const evidence: Evidence = { at: { in: 'claim', name }, observed: observedClaim(written), expected }
  return { code: 'SCOPE_MISSING', evidence } as const
}

/** RFC 8725 §3.11: tokens made for something else (logout, DPoP, introspection) say so in `typ`. */
function typeAccepted(types: ReadonlySet<string> | undefined, type: string | undefined): boolean {
  if (types) return type !== undefined && types.has(plainType(type))
  return type === undefined || type === 'JWT' || ['jwt', 'at+jwt'].includes(plainType(type))
}

function plainType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '')
}

function slashHint(name: unknown, issuers: Issuers): string {
  if (typeof name !== 'string') return ''
  const other = name.endsWith('/') ? name.slice(0, -1) : `${name}/`
  return issuers.byName.has(other) ? ' (they differ in the slash at the end)' : ''
}

interface Where {
  readonly header?: string
  readonly scheme?: string
  readonly cookie?: string
  readonly query?: string
}

function tokenPlace(where: Where, setup?: Setup): { place: Place; scheme: string | undefined } {
  const { header, scheme, cookie, query } = where
  if ([header, cookie, query].filter((name) => name !== undefined).length > 1) {
    setup?.problem('/in', 'BAD_VALUE', 'the token can be in one place only', 'keep one of header, cookie and query')
  }
  if (cookie !== undefined) return { place: { in: 'cookie', name: cookie }, scheme }
  if (query !== undefined) {
    setup?.problem(
      '/in/query',
      'UNSAFE',
      'a token in the URL ends up in logs and histories (RFC 6750 §5.3)',
      'use a header',
    )
    return { place: { in: 'query', name: query }, scheme }
  }
  const name = header ?? 'Authorization'
  const usual = name.toLowerCase() === 'authorization' ? 'Bearer' : undefined
  return { place: { in: 'header', name }, scheme: scheme ?? usual }
}

const unforwardable = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade'])

function checkForward(name: string, setup: Setup): void {
  if (!unforwardable.has(name.toLowerCase())) return
  setup.problem(
    `/forward/${name}`,
    'BAD_VALUE',
    `${name} says how the message travels and cannot carry a claim`,
    'write X-User',
  )
}
