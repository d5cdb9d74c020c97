import { durationSchema } from '../../config/units.ts'

/** Signature algorithms that a configuration may name; `none` is not one (RFC 8725 §3.1). */
export const asymmetricAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
export const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const

const algorithms = {
  type: 'array',
  minItems: 1,
  items: { enum: [...asymmetricAlgorithms, ...secretAlgorithms] },
  description:
    'Signature algorithms that are accepted. Without it: every asymmetric one, or HS256, HS384 and HS512 where `secret` is given. The two kinds never mix.',
} as const

const audience = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
  description: 'The token must be made for this audience, or one of these (`aud`).',
} as const

const jwks = {
  type: 'string',
  description:
    'URL of the key set (JWKS). It is cached, refreshed and asked again for unknown keys. Without it, the issuer’s discovery document names it.',
} as const

const keys = {
  anyOf: [{ type: ['string', 'object'] }, { type: 'array', items: { type: ['string', 'object'] }, minItems: 1 }],
  description: 'Public keys instead of a key set: PEM, JWK or JWKS, usually `${file:keys/issuer.pem}`.',
} as const

const secret = {
  type: 'string',
  minLength: 1,
  writeOnly: true,
  description:
    'Shared secret for HS256, HS384 and HS512, as a reference: `${secret:token-key}`. 32, 48 or 64 bytes at least.',
} as const

const secretEncoding = {
  enum: ['utf-8', 'base64', 'base64url'],
  default: 'utf-8',
  description: 'How the bytes of `secret` are written.',
} as const

const allowHttp = {
  type: 'boolean',
  default: false,
  description:
    'Fetch keys by plain http from elsewhere than this machine. Whoever stands on the way can then sign tokens: only for closed test networks.',
} as const

const scalar = { type: ['string', 'number', 'boolean'] } as const

const claimRule = {
  description:
    'A value (the claim equals it), a list (it is one of them), or a mapping with `equals`, `oneOf`, `matches`, `contains` or `present`.',
  anyOf: [
    scalar,
    { type: 'array', items: scalar, minItems: 1 },
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        equals: { ...scalar, description: 'The claim has exactly this value and type.' },
        oneOf: { type: 'array', items: scalar, minItems: 1, description: 'The claim is one of these.' },
        matches: { type: 'string', description: 'The whole claim matches this regular expression (RE2).' },
        contains: {
          anyOf: [scalar, { type: 'array', items: scalar, minItems: 1 }],
          description: 'The claim is a list, or words with spaces between, and has this (or all of these) in it.',
        },
        present: { type: 'boolean', description: 'The claim is there, whatever its value; `false`: it is not.' },
      },
    },
  ],
} as const

const names = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] } as const

/** The configuration of `jwt-auth`. */
export const jwtAuthSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    issuer: {
      ...names,
      description:
        'Who makes the tokens (`iss`), exactly as in the token; one or several. Keys come by discovery unless given.',
    },
    issuers: {
      type: 'array',
      minItems: 1,
      description: 'Several issuers, each with its own keys, audience and algorithms.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['issuer'],
        properties: {
          issuer: { type: 'string', description: 'The `iss` claim, exactly.' },
          jwks,
          keys,
          secret,
          secretEncoding,
          audience,
          algorithms,
          allowHttp,
        },
      },
    },
    jwks,
    keys,
    secret,
    secretEncoding,
    allowHttp,
    algorithms,
    audience,
    clockSkew: {
      ...durationSchema,
      default: '30s',
      description: 'How far clocks may differ when exp, nbf and iat are judged.',
    },
    requireExpiry: { type: 'boolean', default: true, description: 'Refuse tokens without `exp`: they never end.' },
    maxAge: { ...durationSchema, description: 'Refuse tokens issued (`iat`) longer ago than this.' },
    scopes: {
      type: 'array',
      items: { type: 'string', pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' },
      default: [],
      description: 'The token must have all of these scopes (`scope` or `scp`).',
    },
    anyScope: {
      type: 'array',
      items: { type: 'string', pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' },
      default: [],
      description: 'The token must have at least one of these scopes.',
    },
    claims: {
      type: 'object',
      additionalProperties: claimRule,
      default: {},
      description:
        'What further claims must be, by name or path with dots: `tenant: acme`, `realm_access.roles: {contains: staff}`.',
    },
    typ: {
      ...names,
      description:
        'The `typ` header must be this, or one of these, for example `at+jwt`. Without it: `JWT`, `at+jwt` or none.',
    },
    in: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      description: 'Where the token is. Without it: the header `Authorization`, scheme `Bearer`.',
      properties: {
        header: {
          type: 'string',
          pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
          wants: 'the name of a header field',
          description: 'Name of the header.',
        },
        scheme: {
          type: 'string',
          pattern: '^[A-Za-z][A-Za-z0-9-]*$',
          description: 'Authentication scheme before the token; `Bearer` for `Authorization`, none for other headers.',
        },
        cookie: { type: 'string', minLength: 1, description: 'Name of the cookie.' },
        query: {
          type: 'string',
          minLength: 1,
          description: 'Name of the query parameter. URLs end up in logs: avoid it.',
        },
      },
    },
    hide: { type: 'boolean', default: false, description: 'Do not forward the token to the upstream.' },
    consumerClaim: {
      ...names,
      default: ['sub', 'client_id', 'azp'],
      description:
        'Claims that say who calls. The first that is a subject of a consumer names it; otherwise the first that is there is the name.',
    },
    groupsClaim: { ...names, description: 'Claims with the caller’s groups or roles, for `acl` and `rbac`.' },
    forward: {
      type: 'object',
      additionalProperties: { type: 'string' },
      propertyNames: { pattern: '^[A-Za-z0-9-]+$' },
      default: {},
      description:
        'Headers that tell the upstream claims: `X-User: sub`. Headers of that name from the client are removed.',
    },
    realm: {
      type: 'string',
      pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]*$',
      default: 'api',
      description: 'Named in `WWW-Authenticate`.',
    },
  },
} as const
