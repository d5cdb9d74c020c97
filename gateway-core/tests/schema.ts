import type { Schema } from '../config/config-of.ts'
import { withoutWants } from '../config/schema.ts'
import { durationSchema } from '../config/units.ts'
import { denials } from '../errors.ts'
import { asymmetricAlgorithms, secretAlgorithms } from '../policies/jwt-auth/schema.ts'

const text = { type: 'string' } as const

const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2})?)?$',
  wants: 'a time such as 2026-03-01T12:00:00Z',
  examples: ['2026-03-01T12:00:00Z'],
} as const

const claimTime = {
  type: ['string', 'number', 'null'],
  pattern: '^[+-](\\d+(\\.\\d+)?(ms|s|m|h|d))+$',
  wants: 'a time from the beginning of the test such as +1h or -5m, seconds since 1970, or null for none',
} as const

const duration = (description: string, example: string) => ({ ...durationSchema, description, examples: [example] })

const tokenSchema = {
  type: 'object',
  description: 'A token by its claims. The test makes it, and the key set of its issuer knows its key.',
  additionalProperties: {},
  examples: [{ issuer: 'https://id.example.com', sub: 'ben', aud: 'books', scope: 'books:read' }],
  properties: {
    issuer: { ...text, description: 'Who made it: the claim iss.', examples: ['https://id.example.com'] },
    sub: { ...text, description: 'Whom it is about.', examples: ['ben'] },
    aud: { type: ['string', 'array'], items: text, description: 'Whom it is for.', wants: 'a text or a list of texts' },
    scope: { ...text, description: 'Scopes, with spaces between them.', examples: ['books:read books:write'] },
    exp: { ...claimTime, description: 'When it ends, from the beginning of the test. Without it: +1h.' },
    nbf: { ...claimTime, description: 'From when on it counts.' },
    iat: { ...claimTime, description: 'When it was made. Without it: as the test begins.' },
    auth_time: { ...claimTime, description: 'When the person signed in.' },
    alg: {
      enum: [...asymmetricAlgorithms, ...secretAlgorithms, 'none'],
      default: 'RS256',
      description: 'Algorithm it is signed with.',
    },
    signature: {
      enum: ['valid', 'invalid', 'none'],
      default: 'valid',
      description: 'invalid: by a key that nobody trusts; none: the signature is cut off.',
    },
    header: {
      type: 'object',
      additionalProperties: {},
      description: 'Further parameters of its header, such as kid or typ; null leaves one out.',
      examples: [{ typ: 'at+jwt' }],
    },
    claims: {
      type: 'object',
      additionalProperties: {},
      description: 'Claims whose names mean something else here: alg, header, signature, issuer.',
    },
  },
} as const

const answerSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    value: { description: 'What the world answers.' },
    unavailable: { ...text, description: 'Why it does not answer.', examples: ['connection refused'] },
  },
} as const

const givenSchema = {
  type: 'object',
  additionalProperties: false,
  description:
    'What the world is like: policies see nothing else of it. What a test gives counts before what the file gives.',
  properties: {
    time: { ...time, description: 'Time at which the test begins. Without it: 2026-01-15T12:00:00Z.' },
    peer: {
      ...text,
      description: 'Address that the client connects from. Without it: 127.0.0.1.',
      examples: ['203.0.113.7'],
    },
    tokens: {
      type: 'object',
      additionalProperties: tokenSchema,
      description: 'Tokens by name: `token: alice` in a request, or ${token:alice} in any of its texts.',
      examples: [{ alice: { issuer: 'https://id.example.com', sub: 'alice' } }],
    },
    keySets: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        properties: {
          unavailable: { ...text, description: 'Why the keys cannot be had.', examples: ['connection refused'] },
          keys: {
            type: 'array',
            minItems: 1,
            items: { type: ['string', 'object'], additionalProperties: {} },
            description: 'Public keys (JWK or PEM) that tokens in clear are verified with.',
          },
        },
      },
      description: 'Key sets by issuer or address. Not needed for tokens that the test makes.',
      examples: [{ 'https://id.example.com': { unavailable: 'connection refused' } }],
    },
    facts: {
      type: 'object',
      additionalProperties: answerSchema,
      description: 'Answers to single questions, by the name that an undecidable test shows.',
      examples: [{ 'random|split': { value: 0.25 } }],
    },
  },
} as const

const headers = {
  type: 'object',
  additionalProperties: {
    type: ['string', 'number', 'boolean', 'array'],
    items: text,
    wants: 'a text, or a list of texts for a header that comes several times',
  },
  description: 'Headers by name, in their order; a list sends one several times.',
  examples: [{ 'X-API-Key': '${consumer:mobile-app}' }],
} as const

const bodyProperties = {
  body: { ...text, description: 'The body as text.' },
  json: { description: 'The body as a value; sent as JSON.', examples: [{ priceCents: 499 }] },
} as const

const requestSchema = {
  anyOf: [
    { type: 'string', pattern: '^[A-Za-z]+ \\S+$', wants: 'a method and a path such as GET /books/1' },
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        method: { ...text, description: 'Without it GET, or POST where there is a body.', examples: ['GET'] },
        url: {
          ...text,
          minLength: 1,
          description: 'Path and query, or a whole address: its host and scheme count too.',
          examples: ['/books/1'],
        },
        headers,
        token: {
          anyOf: [{ ...text, wants: 'the name of a token' }, tokenSchema],
          description: 'Token sent as Authorization: Bearer: a name of given.tokens, or its claims.',
        },
        ...bodyProperties,
      },
    },
  ],
  description: 'What comes in: `GET /books/1`, or method, url, headers, token and body.',
  examples: ['GET /books/1'],
} as const

const responseSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'What the upstream answers, for policies of the response.',
  properties: {
    status: { type: 'integer', minimum: 100, maximum: 599, default: 200, description: 'Status of the answer.' },
    headers,
    ...bodyProperties,
  },
} as const

const expectedHeaders = {
  type: 'object',
  additionalProperties: {
    type: ['string', 'number', 'boolean', 'null', 'object'],
    additionalProperties: false,
    minProperties: 1,
    properties: {
      contains: { ...text, description: 'A part of its value.' },
      matches: { ...text, description: 'Expression (RE2) that its whole value matches.' },
    },
    wants: 'its value, true (is there), false (is not), or { contains: … } or { matches: … }',
  },
  description: 'Headers by name: the exact value, true (is there), false (is not), { contains: … } or { matches: … }.',
  examples: [{ 'X-Frame-Options': 'DENY', Server: false }],
} as const

const textOrTexts = { type: ['string', 'array'], items: text, wants: 'a text or a list of texts' } as const

const expectedBody = {
  anyOf: [
    text,
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        equals: { ...text, description: 'The whole body.' },
        contains: { ...textOrTexts, description: 'Texts that stand in it.' },
        excludes: { ...textOrTexts, description: 'Texts that do not stand in it.' },
        json: {
          type: 'object',
          additionalProperties: {},
          description: 'Values by JSON pointer (RFC 6901).',
          examples: [{ '/items/0/authorEmail': '…' }],
        },
      },
    },
  ],
  description: 'The body: its text, or { equals, contains, excludes, json }.',
} as const

const stepVerdicts = ['pass', 'modify', 'deny', 'would-deny', 'respond', 'skipped', 'undecidable', 'error'] as const

const expectSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'What has to come out. What is not written is not looked at.',
  examples: [{ verdict: 'deny', code: 'ROLE_NOT_ALLOWED' }],
  properties: {
    verdict: {
      enum: ['pass', 'deny', 'respond', 'refused', 'error'],
      description: 'pass: forwarded; deny: by a policy; respond: answered by a policy; refused: by the gateway itself.',
    },
    status: { type: 'integer', minimum: 100, maximum: 599, description: 'Status that the client gets.' },
    decidedBy: { ...text, description: 'Policy that denied or answered: its name or its id.', examples: ['rbac'] },
    code: { enum: Object.keys(denials), description: 'Code of the denial.' },
    route: { ...text, description: 'Id of the route that matched.', examples: ['catalogue/books/{id}'] },
    consumer: { type: ['string', 'null'], description: 'Name of the caller; null: nobody.' },
    headers: { ...expectedHeaders, description: `Response: ${expectedHeaders.description}` },
    body: { ...expectedBody, description: `Response. ${expectedBody.description}` },
    trace: {
      type: 'object',
      additionalProperties: {
        anyOf: [
          { enum: stepVerdicts },
          {
            type: 'object',
            additionalProperties: false,
            minProperties: 1,
            properties: {
              verdict: { enum: stepVerdicts, description: 'What the step came to.' },
              code: { enum: Object.keys(denials), description: 'Code of its denial.' },
            },
          },
        ],
      },
      description: 'Steps by the name or id of their policy: a verdict, or { verdict, code }.',
      examples: [{ 'injection-protection': 'would-deny' }],
    },
    forwarded: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      description: 'The request as policies leave it for the upstream.',
      properties: {
        method: { ...text, description: 'Its method.' },
        path: { ...text, description: 'Its path.' },
        query: { ...text, description: 'Its query, without the question mark.' },
        headers: expectedHeaders,
        body: expectedBody,
      },
    },
  },
} as const

const stepSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    after: duration('Time that passes before it.', '30s'),
    repeat: { type: 'integer', minimum: 1, maximum: 100_000, description: 'How often it is sent.', examples: [100] },
    every: duration('Time that passes between two of them.', '1s'),
    request: { ...requestSchema, description: 'Without it: the request of the test.' },
    response: responseSchema,
    expect: { ...expectSchema, description: 'What has to come out, of each repetition.' },
  },
} as const

const testSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { ...text, minLength: 1, description: 'What is tested, in words.', examples: ['a reader may not write'] },
    given: givenSchema,
    request: requestSchema,
    response: responseSchema,
    expect: expectSchema,
    sequence: {
      type: 'array',
      minItems: 1,
      items: stepSchema,
      description: 'Several requests, one after the other, on the same counters.',
      examples: [[{ repeat: 60 }, { expect: { code: 'LIMIT_REACHED' } }]],
    },
  },
} as const

/** JSON Schema (2020-12) of `tests/*.yaml`: validation, completion, hover and the reference come from it. */
export const testsSchema: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['tests'],
  properties: {
    environment: { ...text, description: 'Environment that its tests are judged under.', examples: ['staging'] },
    given: givenSchema,
    tests: {
      type: 'array',
      items: testSchema,
      description: 'Policy tests: a request and what has to come out. Each begins with fresh counters.',
    },
  },
}

/** The schema as editors and other tools take it. */
export function testsEditorSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Gatehouse policy tests',
    ...(withoutWants(testsSchema) as Schema),
  }
}
