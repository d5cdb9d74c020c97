import type { ExchangeRecord } from '../capture/record.ts'
import { schemaErrors } from '../config/json-schema.ts'

const text = { type: 'string' } as const
const number = { type: 'number' } as const
const texts = { type: 'array', items: text } as const
const mapping = { type: 'object' } as const

const request = {
  type: 'object',
  required: ['method', 'scheme', 'authority', 'target', 'path', 'query', 'httpVersion', 'headers'],
  properties: {
    method: text,
    scheme: { enum: ['http', 'https'] },
    authority: text,
    target: text,
    path: text,
    query: text,
    httpVersion: text,
    headers: texts,
    trailers: texts,
  },
} as const

const response = {
  type: 'object',
  required: ['status', 'reason', 'from', 'headers'],
  properties: {
    status: number,
    reason: text,
    from: { enum: ['upstream', 'gateway'] },
    headers: texts,
    trailers: texts,
  },
} as const

const consumer = { type: 'object', required: ['name', 'groups'], properties: { name: text, groups: texts } } as const

/** A step of a trace. */
export const stepSchema = {
  type: 'object',
  required: ['policy', 'type', 'phase', 'verdict', 'mode', 'at', 'micros', 'now', 'sequence', 'position'],
  properties: {
    policy: text,
    type: text,
    phase: { enum: ['requestHeaders', 'requestBody', 'responseHeaders', 'responseBody', 'message', 'log'] },
    verdict: text,
    mode: { enum: ['enforce', 'shadow'] },
    code: text,
    reason: text,
    branch: text,
    at: number,
    micros: number,
    now: number,
    sequence: number,
    position: {
      type: 'object',
      required: ['file', 'line', 'column'],
      properties: { file: text, line: number, column: number },
    },
    evidence: {
      type: 'array',
      items: {
        type: 'object',
        required: ['at'],
        properties: {
          at: { type: 'object', required: ['in'], properties: { in: text, name: text, pointer: text } },
          observed: { type: ['string', 'number', 'boolean', 'null', 'array'], items: text },
          expected: text,
          detail: mapping,
        },
      },
    },
    changes: { type: 'array', items: { type: 'object', required: ['kind'], properties: { kind: text, name: text } } },
    learned: {
      type: 'object',
      properties: { consumer, claims: mapping, clientAddress: text, carried: mapping, sealed: { type: 'array' } },
    },
  },
} as const

const record = {
  type: 'object',
  required: [
    'id',
    'startedAt',
    'durationMicros',
    'state',
    'revision',
    'listener',
    'clientAddress',
    'verdict',
    'status',
  ],
  properties: {
    id: text,
    startedAt: number,
    durationMicros: number,
    state: { enum: ['open', 'done'] },
    revision: text,
    environment: text,
    listener: { enum: ['http', 'https', 'none'] },
    peer: { type: 'object', required: ['address', 'port'], properties: { address: text, port: number } },
    clientAddress: text,
    request,
    forwarded: request,
    response,
    upstreamResponse: response,
    route: {
      type: 'object',
      required: ['id', 'api', 'template', 'parameters', 'upstreamPath'],
      properties: {
        id: text,
        api: text,
        template: text,
        parameters: { type: 'object', additionalProperties: text },
        upstreamPath: text,
      },
    },
    upstream: { type: 'object', required: ['name', 'url'], properties: { name: text, url: text } },
    consumer,
    claims: mapping,
    upgrade: { enum: ['websocket'] },
    verdict: { enum: ['pass', 'deny', 'respond', 'refused', 'failed', 'aborted', 'error'] },
    status: number,
    decidedBy: text,
    code: text,
    error: text,
    trace: { type: 'array', maxItems: 10_000, items: stepSchema },
    facts: {
      type: 'array',
      maxItems: 10_000,
      items: { type: 'object', required: ['key', 'answer'], properties: { key: text, answer: mapping } },
    },
    timings: {
      type: 'object',
      required: ['policyMicros'],
      properties: { policyMicros: number, upstreamMicros: number, firstByteMicros: number },
    },
    sealed: { type: 'array', items: { type: 'object', required: ['in'], properties: { in: text } } },
  },
} as const

/** What of a record that came from outside is not as screens and runner rely on it: `trace/0/verdict`; undefined: all is. */
export function unsoundPart(given: ExchangeRecord): string | undefined {
  const { request: asked, forwarded, response: answered, upstreamResponse, ...rest } = given
  // Bodies are bytes, which no schema describes.
  const without = (message: object | undefined) => message && { ...message, body: undefined }
  const value = {
    ...rest,
    request: without(asked),
    ...(forwarded && { forwarded: without(forwarded) }),
    ...(answered && { response: without(answered) }),
    ...(upstreamResponse && { upstreamResponse: without(upstreamResponse) }),
  }
  const [error] = schemaErrors(record, value)
  return error && (error.instancePath.slice(1) || 'its exchange')
}
