import { durationSchema, sizeSchema } from './units.ts'

/** Name of an API, a route or a policy instance, as it stands in ids. */
const nameSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
  wants: 'a name of letters, digits, dots, dashes and underscores',
  examples: ['public-reads'],
} as const

const text = { type: 'string' } as const
const texts = { type: 'array', items: { type: 'string' } } as const
const textOrTexts = {
  type: ['string', 'array'],
  items: { type: 'string' },
  minItems: 1,
  wants: 'a text or a list of texts',
} as const

const addressPattern = { examples: ['127.0.0.1:8080'], wants: 'an address such as 127.0.0.1:8080' } as const

const listenSchema = {
  type: 'object',
  description: 'Where the gateway listens. Without it: HTTP on 127.0.0.1:8080.',
  additionalProperties: false,
  minProperties: 1,
  examples: [{ http: '127.0.0.1:8080' }],
  properties: {
    http: {
      description: 'Address and port for HTTP/1.1. Port 0 takes a free one.',
      ...addressPattern,
      anyOf: [
        { type: 'string' },
        { type: 'integer', minimum: 0, maximum: 65_535 },
        {
          type: 'object',
          additionalProperties: false,
          required: ['address'],
          properties: { address: { type: 'string', description: 'Address and port.', ...addressPattern } },
        },
      ],
    },
    https: {
      description: 'Address and port for HTTPS, which speaks HTTP/2 and HTTP/1.1.',
      examples: ['127.0.0.1:8443'],
      wants: 'an address such as 127.0.0.1:8443',
      anyOf: [
        { type: 'string' },
        { type: 'integer', minimum: 0, maximum: 65_535 },
        {
          type: 'object',
          additionalProperties: false,
          required: ['address'],
          properties: {
            address: { type: 'string', description: 'Address and port.', ...addressPattern },
            certificate: {
              type: 'string',
              description: 'PEM file of the certificate chain. Without it the local CA makes one on first use.',
            },
            key: { type: 'string', description: 'PEM file of the private key that belongs to the certificate.' },
            clientCertificates: {
              enum: ['none', 'optional', 'required'],
              default: 'none',
              description: 'Whether clients are asked for a certificate, and whether they must have one.',
            },
            clientCa: {
              type: 'string',
              description: 'PEM file of the CAs that client certificates are checked against; the local CA without it.',
            },
          },
        },
      ],
    },
    proxy: {
      description:
        'Address and port of the forward proxy for one’s own programs, browsers and devices. Off without it. What a route with a host matches is judged; everything else passes and is recorded.',
      examples: ['127.0.0.1:8888'],
      wants: 'an address such as 127.0.0.1:8888',
      anyOf: [
        { type: 'string' },
        { type: 'integer', minimum: 0, maximum: 65_535 },
        {
          type: 'object',
          additionalProperties: false,
          required: ['address'],
          properties: {
            address: {
              type: 'string',
              description:
                'Address and port. Anything but loopback lets other devices of the network send requests through this machine.',
              examples: ['127.0.0.1:8888'],
              wants: 'an address such as 127.0.0.1:8888',
            },
            passThrough: {
              ...texts,
              description:
                'Hosts whose TLS is not opened, because their clients accept one certificate only: names, `*.example.com`, or with a port.',
              examples: [['*.bank.example', 'updates.example:8443']],
            },
            trust: {
              ...texts,
              description: 'PEM files of CAs that servers may show certificates of, besides those of the system.',
              examples: [['certificates/company-ca.pem']],
            },
          },
        },
      ],
    },
  },
} as const

const urlSchema = {
  type: 'string',
  description: 'Origin of the server, with a base path where it has one.',
  examples: ['http://127.0.0.1:9001'],
} as const

const upstreamSchema = {
  description: 'A server behind the gateway: its URL, or a mapping with more about it.',
  examples: ['http://127.0.0.1:9001'],
  wants: 'a URL such as http://127.0.0.1:9001, or a mapping with `url` or `targets`',
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        url: urlSchema,
        targets: {
          type: 'array',
          minItems: 1,
          description: 'Several servers that share the requests by weight.',
          examples: [[{ url: 'http://127.0.0.1:9001', weight: 100 }]],
          items: {
            wants: 'a URL or a mapping with `url` and `weight`',
            anyOf: [
              { type: 'string' },
              {
                type: 'object',
                additionalProperties: false,
                required: ['url'],
                properties: {
                  url: urlSchema,
                  weight: {
                    type: 'integer',
                    minimum: 0,
                    default: 100,
                    description: 'Share of the requests, compared with the other targets.',
                  },
                },
              },
            ],
          },
        },
        timeout: {
          ...durationSchema,
          default: '30s',
          description: 'Longest wait for the response head, and for the next bytes of the body.',
        },
        connectTimeout: { ...durationSchema, default: '5s', description: 'Longest wait for a connection.' },
        tls: {
          type: 'object',
          additionalProperties: false,
          description: 'How an https upstream is verified and told who we are.',
          properties: {
            verify: {
              type: 'boolean',
              default: true,
              description: 'Check the certificate of the upstream. False accepts any: for experiments only.',
            },
            ca: {
              type: 'string',
              description: 'PEM, or the file with it: the CAs to trust instead of the public ones.',
            },
            certificate: { type: 'string', description: 'PEM, or the file with it: the certificate we present.' },
            key: { type: 'string', description: 'PEM file of its private key, or a reference: ${file:client.key}.' },
            serverName: { type: 'string', description: 'Name to ask for and to check, where it is not the host.' },
          },
        },
        health: {
          type: 'object',
          additionalProperties: false,
          required: ['path'],
          description: 'Asks each target regularly, and leaves out those that do not answer.',
          properties: {
            path: { type: 'string', description: 'Path to GET; a status below 400 is healthy.', examples: ['/health'] },
            interval: { ...durationSchema, default: '10s', description: 'Time between two questions.' },
          },
        },
      },
    },
  ],
} as const

const consumerSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      description: 'Name of the caller, as traces and limits show it.',
      examples: ['mobile-app'],
    },
    groups: { ...texts, default: [], description: 'Groups or roles of the caller, for `acl` and `rbac`.' },
    keys: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description: 'API keys of the caller. Write references, not the keys: ${secret:mobile-app-key}.',
      examples: [['${secret:mobile-app-key}']],
    },
    subjects: {
      ...texts,
      default: [],
      description: 'Values of `sub`, `client_id` or `azp` by which tokens name this caller.',
    },
  },
} as const

const valueMatches = (what: string) => ({
  type: 'object',
  description: `Values that ${what} must have, by name: the exact value, { matches: expression }, or true where being there is enough.`,
  examples: [{ version: '2' }],
  additionalProperties: {
    wants: 'a value, { matches: expression }, or true',
    anyOf: [
      { type: ['string', 'integer'] },
      { const: true },
      {
        type: 'object',
        additionalProperties: false,
        required: ['matches'],
        properties: { matches: { type: 'string', description: 'RE2 expression for the whole value.' } },
      },
    ],
  },
})

const routeProperties = {
  name: { ...nameSchema, description: 'Name in ids and traces; the path without it.' },
  host: {
    ...textOrTexts,
    description:
      'Host or hosts, exact or with a wildcard: api.example.com, *.example.com; with a port only that one: localhost:9443.',
  },
  path: {
    description:
      'Which paths: a template (/books/{id}), a prefix (/books/*), { prefix: /books } or { expression: an RE2 expression for the whole path }.',
    examples: ['/books/{id}'],
    wants: 'a path such as /books/{id} or /books/*, or a mapping with `prefix`, `template` or `expression`',
    anyOf: [
      { type: 'string' },
      {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        properties: {
          prefix: { type: 'string', description: 'This path and everything below it.', examples: ['/books'] },
          template: { type: 'string', description: 'A path with {parameters}.', examples: ['/books/{id}'] },
          expression: { type: 'string', description: 'RE2 expression for the whole path.', examples: ['/v[12]/books'] },
        },
      },
    ],
  },
  methods: {
    type: 'array',
    items: { type: 'string', pattern: "^[A-Za-z!#$%&'*+.^_`|~-]+$", wants: 'an HTTP method such as GET' },
    minItems: 1,
    description: 'HTTP methods; all without it. GET serves HEAD too.',
    examples: [['GET', 'POST']],
  },
  headers: valueMatches('request headers'),
  query: valueMatches('query parameters'),
  upstream: { type: 'string', description: 'Name of the upstream that gets the requests.', examples: ['books'] },
  stripPrefix: {
    type: ['boolean', 'string'],
    description:
      'True removes the prefix (or the literal start of the template) before forwarding; a text removes just that.',
    examples: [true],
    wants: 'true, or the prefix to remove such as /api',
  },
  rewrite: {
    type: 'string',
    description: 'Path that is forwarded instead, with {parameters} of the path.',
    examples: ['/v2/books/{id}'],
  },
  preserveHost: {
    type: 'boolean',
    default: false,
    description: 'Forward the Host that the client sent instead of the name of the upstream.',
  },
  default: { type: 'boolean', default: false, description: 'True takes every request that no other route matches.' },
} as const

const limitsSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Limits of the gateway itself, before any policy.',
  properties: {
    headerBytes: { ...sizeSchema, default: '16kb', description: 'Largest header section.' },
    headerCount: { type: 'integer', minimum: 1, default: 100, description: 'Most header fields.' },
    bodyBytes: { ...sizeSchema, description: 'Largest request body that is forwarded; no limit without it.' },
    headersTimeout: { ...durationSchema, default: '10s', description: 'Longest time for the whole header section.' },
    idleTimeout: { ...durationSchema, default: '60s', description: 'Longest silence inside a body.' },
    keepAliveTimeout: { ...durationSchema, default: '60s', description: 'How long an idle connection stays open.' },
    connections: { type: 'integer', minimum: 1, default: 10_000, description: 'Most connections at once.' },
    bufferBytes: { ...sizeSchema, default: '256mb', description: 'All bodies together that policies hold at once.' },
  },
} as const

const captureSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'What is recorded of the traffic.',
  properties: {
    enabled: { type: 'boolean', default: true, description: 'Record exchanges at all.' },
    bodyBytes: { ...sizeSchema, default: '64kb', description: 'Kept of each body; beyond it only hash and length.' },
    maxExchanges: { type: 'integer', minimum: 1, default: 100_000, description: 'Most exchanges; older ones go.' },
    maxBytes: { ...sizeSchema, default: '1gb', description: 'Most bytes on disk; older exchanges go.' },
    keepSecrets: {
      ...durationSchema,
      default: '1d',
      description: 'How long credentials and masked values stay readable (sealed) for Replay; then they are purged.',
    },
    seal: {
      ...texts,
      default: [],
      description: 'Further places whose values are secret: header:x-token, query:key, cookie:sid or body:/a/b.',
      examples: [['header:x-session']],
    },
  },
} as const

const trustedProxiesSchema = {
  ...texts,
  default: [],
  description:
    'Networks (CIDR) of proxies in front, whose `X-Forwarded-*`, `Forwarded`, `X-Real-IP`, `X-Original-URL` and `X-Rewrite-URL` are forwarded; what anybody else sends under these names is taken out.',
  examples: [['10.0.0.0/8']],
} as const

export const parts = {
  name: nameSchema,
  text,
  textOrTexts,
  listen: listenSchema,
  upstream: upstreamSchema,
  consumer: consumerSchema,
  routeProperties,
  limits: limitsSchema,
  capture: captureSchema,
  trustedProxies: trustedProxiesSchema,
} as const
