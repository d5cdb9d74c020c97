import { parseSize, sizeSchema } from '../config/units.ts'
import type { Evidence, Exchange } from '../exchange.ts'
import { type Change, modify, type Outcome, pass } from '../pipeline/outcome.ts'
import { definePolicy, type Judge } from '../pipeline/policy.ts'
import { bodySchema, type BodyChanges, changeBody, prepareBody } from './transformer/body-changes.ts'
import { changeHeaders, headersSchema, type HeaderChanges, prepareHeaders } from './transformer/header-changes.ts'

interface Transformer {
  readonly headers: HeaderChanges
  readonly body: BodyChanges
  readonly bodyBytes: number
}

/** Changes responses on their way to the client: headers and JSON body. What the upstream answered stays in the capture. */
export const responseTransformer = definePolicy({
  type: 'response-transformer',
  docs: {
    summary: 'Changes headers and JSON body of responses before the client gets them.',
    owasp: ['API3:2023', 'API8:2023'],
    example: `- response-transformer:
    headers:
      remove: [X-Internal-Id]
      set: { Cache-Control: no-store }
    body:
      remove: ["/items/*/passwordHash"]
      rename: { /customer/mail: email }`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      headers: headersSchema,
      body: bodySchema,
      maxBody: {
        ...sizeSchema,
        default: '1mb',
        description: 'Largest body that is held to be changed; for larger ones the client gets 502.',
      },
    },
  },
  prepare: (config, setup): Transformer => {
    if (!config.headers && !config.body) {
      setup.problem('', 'MISSING_KEY', 'it changes nothing', 'name `headers` or `body`')
    }
    return {
      headers: prepareHeaders(config.headers, 'response', setup),
      body: prepareBody(config.body, setup),
      bodyBytes: parseSize(config.maxBody) ?? 0,
    }
  },
  phases: {
    responseHeaders: changeHead,
    responseBody: ({ body }, exchange, judge) => {
      const { response } = exchange
      // Problem details of the gateway itself are no data of the upstream.
      if (response?.from !== 'upstream') return pass
      return changeBody(body, 'response', response, exchange, judge)
    },
  },
  body: ({ body, bodyBytes }) => (body.steps.length === 0 ? {} : { response: bodyBytes }),
})

function changeHead(transformer: Transformer, exchange: Exchange, judge: Judge): Outcome {
  if (!exchange.response) return pass
  const changes: Change[] = []
  const evidence: Evidence[] = []
  const refused = changeHeaders(transformer.headers, exchange.response.headers, exchange, judge, changes, evidence)
  if (refused) return refused
  if (changes.length > 0) return modify(changes, evidence)
  return evidence.length > 0 ? { verdict: 'pass', evidence } : pass
}
