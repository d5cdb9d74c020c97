import { durationSchema, sizeSchema } from './units.ts'

const headerValues = {
  type: 'object',
  additionalProperties: { type: ['string', 'array'], items: { type: 'string' }, wants: 'a text or a list of texts' },
} as const

const rewriteProperties = {
  setHeaders: {
    ...headerValues,
    description: 'Header fields that are set: the first of that name keeps its place, others of it go.',
    examples: [{ 'X-Debug': '1' }],
  },
  removeHeaders: {
    type: 'array',
    items: { type: 'string' },
    description: 'Header fields that are taken out, in any case.',
    examples: [['X-Frame-Options']],
  },
  replace: {
    type: 'array',
    description: 'Texts that are replaced wherever they stand, one after the other.',
    examples: [[{ in: 'body', text: 'http://', with: 'https://' }]],
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['in', 'with'],
      properties: {
        in: { enum: ['url', 'headers', 'body'], description: 'Path and query, header values, or the decoded body.' },
        text: { type: 'string', minLength: 1, description: 'Text to look for, to the letter.' },
        expression: {
          type: 'string',
          minLength: 1,
          description: 'RE2 expression to look for.',
          examples: ['id=(\\d+)'],
        },
        with: { type: 'string', description: 'What stands there instead; $1 is the first group of an expression.' },
      },
    },
  },
  setJson: {
    type: 'object',
    description: 'Values that are set in a JSON body, by JSON pointer. `/a/-` adds to a list.',
    examples: [{ '/price': 0 }],
  },
  body: { type: 'string', description: 'The whole body, instead of the one that came.' },
} as const

/** One rule: what it concerns, and one thing that it does. */
export const ruleSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      description: 'Name of the rule, as exchanges show it.',
      examples: ['slow search'],
    },
    enabled: { type: 'boolean', default: true, description: 'False turns it off and keeps it.' },
    match: {
      type: 'string',
      default: '',
      description:
        'Which exchanges, in the query language; all without it. What is only known later (the route, the status) can be asked by actions on responses.',
      examples: ['method:POST path~^/books'],
    },
    share: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
      description: 'Part of the matching exchanges that it concerns: 0.1 is every tenth, drawn by chance.',
      examples: [0.1],
    },
    rewrite: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      description: 'Changes the request before it is routed and judged, the response before it is judged, or both.',
      properties: {
        request: {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          description: 'Changes of the request.',
          properties: {
            method: { type: 'string', description: 'Another method.', examples: ['PUT'] },
            ...rewriteProperties,
          },
        },
        response: {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          description: 'Changes of the response.',
          properties: {
            status: { type: 'integer', minimum: 200, maximum: 599, description: 'Another status.', examples: [404] },
            ...rewriteProperties,
          },
        },
      },
    },
    mock: {
      type: 'object',
      additionalProperties: false,
      description: 'Answers in the place of the upstream. The request is judged as always, and so is this answer.',
      properties: {
        status: { type: 'integer', minimum: 200, maximum: 599, default: 200, description: 'Status.' },
        headers: {
          ...headerValues,
          default: {},
          description: 'Header fields.',
          examples: [{ 'Cache-Control': 'no-store' }],
        },
        body: { type: 'string', description: 'The body as text.' },
        json: { description: 'The body as a value; its Content-Type is application/json.', examples: [{ items: [] }] },
        file: {
          type: 'string',
          description: 'Text file with the body, relative to the workspace.',
          examples: ['mocks/books.json'],
        },
      },
    },
    delay: {
      description: 'Lets the answer of the upstream come later: a fixed time, or one drawn from a range.',
      examples: ['300ms'],
      wants: 'a duration such as 300ms, or a mapping with `from` and `to`',
      anyOf: [
        durationSchema,
        {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          properties: {
            from: { ...durationSchema, default: '0ms', description: 'Shortest wait.' },
            to: { ...durationSchema, description: 'Longest wait.' },
            bytesPerSecond: { ...sizeSchema, description: 'How fast the body goes out.', examples: ['16kb'] },
          },
        },
      ],
    },
    fault: {
      description:
        'Breaks the answer: reset or hang the connection, answer a 5xx status, cut the body, or send it slowly.',
      examples: ['reset'],
      wants: '`reset` or `hang`, or a mapping with one of `status`, `truncate`, `slow` and `hang`',
      anyOf: [
        { enum: ['reset', 'hang'] },
        {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
          properties: {
            status: { type: 'integer', minimum: 500, maximum: 599, description: 'Answers this status instead.' },
            truncate: {
              ...sizeSchema,
              description: 'Ends the connection after so much of the body.',
              examples: ['100b'],
            },
            slow: { ...sizeSchema, description: 'Sends so many bytes each second.', examples: ['64b'] },
            hang: { ...durationSchema, description: 'Says nothing for so long, then resets.', examples: ['10s'] },
          },
        },
      ],
    },
  },
} as const

/** The list of rules, in `gatehouse.yaml` and in the files of `rules/`. */
export const ruleList = {
  type: 'array',
  items: ruleSchema,
  description:
    'Rules that change, answer, delay or break exchanges without code: for experiments and tests of clients. They run in the order written.',
} as const

export const ruleActions = ['rewrite', 'mock', 'delay', 'fault'] as const
