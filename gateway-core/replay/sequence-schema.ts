const text = { type: 'string' } as const
const scalar = { type: ['string', 'number', 'boolean', 'null'] } as const

const capture = {
  oneOf: [
    text,
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 2,
      properties: {
        pointer: { ...text, description: 'JSON pointer into the response body: `/items/0/id`.' },
        header: { ...text, description: 'Name of a response header.' },
        cookie: { ...text, description: 'Name of a cookie that the response sets.' },
        regex: { ...text, description: 'RE2 expression; its first group is taken, of the body or of `header`.' },
      },
    },
  ],
} as const

const check = {
  anyOf: [
    scalar,
    { type: 'array' },
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        equals: {},
        not: {},
        matches: { ...text, description: 'RE2 expression that the value has to match somewhere.' },
        contains: text,
        exists: { type: 'boolean' },
        above: { type: 'number' },
        below: { type: 'number' },
        length: { type: 'integer', minimum: 0 },
      },
    },
  ],
} as const

const status = {
  anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^(?:[1-5](?:xx|[0-9]{2})|\\{\\{.+\\}\\})$' }],
} as const

const expectation = {
  type: 'object',
  additionalProperties: false,
  properties: {
    status: {
      description: 'Status, class (`2xx`), or a list of them.',
      anyOf: [...status.anyOf, { type: 'array', items: status, minItems: 1 }],
    },
    headers: { type: 'object', additionalProperties: check, description: 'Response headers by name.' },
    json: { type: 'object', additionalProperties: check, description: 'Values of the body by JSON pointer.' },
    body: { ...check, description: 'The body as text.' },
    verdict: {
      enum: ['pass', 'deny', 'respond', 'refused', 'failed', 'error'],
      description: 'Verdict of the gateway.',
    },
    decidedBy: { ...text, description: 'Policy that decided.' },
    code: { ...text, description: 'Code of the denial.' },
    answers: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[1-5](?:xx|[0-9]{2})$' },
      additionalProperties: check,
      description: 'Of a race, how many answers have a status or class: `{ 2xx: 1, 409: { above: 0 } }`.',
    },
    time: { ...text, description: 'Most time until the whole response is here: `500ms`, `2s`.' },
  },
} as const

/** A sequence as it is written. */
export const sequenceSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['steps'],
  properties: {
    sequence: { const: 1 },
    name: text,
    to: { enum: ['gateway', 'upstream', 'url'], description: 'Where requests go; default: through the gateway.' },
    environment: { ...text, description: 'Environment of the workspace.' },
    variables: { type: 'object', additionalProperties: scalar },
    rows: {
      description: 'A table: a CSV or YAML file, or a list of rows. The steps run once for each.',
      anyOf: [text, { type: 'array', items: { type: 'object', additionalProperties: scalar } }],
    },
    onFailure: {
      enum: ['stop', 'goOn'],
      description: 'What happens after a step that failed; default: stop this row.',
    },
    cookies: { type: 'boolean', description: 'Cookies are kept from step to step.' },
    steps: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['request'],
        properties: {
          name: text,
          to: { enum: ['gateway', 'upstream', 'url'], description: 'Another place than the sequence goes to.' },
          request: {
            description: '`GET /path`, `requests/books.http#name`, or the parts of a request.',
            anyOf: [
              text,
              {
                type: 'object',
                additionalProperties: false,
                required: ['url'],
                properties: {
                  method: text,
                  url: text,
                  headers: {
                    anyOf: [
                      { type: 'object', additionalProperties: scalar },
                      { type: 'array', items: { type: 'array', minItems: 2, maxItems: 2, items: text } },
                    ],
                  },
                  body: { description: 'Text as it is, anything else as JSON.' },
                  file: { ...text, description: 'A file of the workspace as the body.' },
                },
              },
            ],
          },
          headers: {
            type: 'object',
            additionalProperties: scalar,
            description: 'Headers in the place of those of the request.',
          },
          body: { description: 'Another body: text as it is, anything else as JSON.' },
          capture: { type: 'object', additionalProperties: capture },
          expect: expectation,
          wait: { ...text, description: 'Time before the step: `200ms`, `2s`.' },
          repeat: { type: 'integer', minimum: 1, maximum: 10_000 },
          race: {
            description:
              'Copies that are sent at once: over HTTP/1.1 their last bytes together, over HTTP/2 their ends in one packet.',
            anyOf: [
              { type: 'integer', minimum: 2, maximum: 200 },
              {
                type: 'object',
                additionalProperties: false,
                required: ['copies'],
                properties: {
                  copies: { type: 'integer', minimum: 2, maximum: 200 },
                  http2: { type: 'boolean', description: 'Over HTTP/2.' },
                  whole: { type: 'boolean', description: 'Hold back whole requests, for what decides at their head.' },
                },
              },
            ],
          },
          redirects: { type: 'integer', minimum: 0, maximum: 20 },
          timeout: { ...text, description: 'Most time for a whole response: `5s`.' },
          onFailure: { enum: ['stop', 'goOn'] },
        },
      },
    },
  },
} as const
