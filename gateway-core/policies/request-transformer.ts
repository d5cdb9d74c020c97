import { parseSize, sizeSchema } from '../config/units.ts'
import type { Evidence, Exchange } from '../exchange.ts'
import { type Change, deny, modify, type Outcome, pass } from '../pipeline/outcome.ts'
import { definePolicy, type Judge, type Setup } from '../pipeline/policy.ts'
import { bodySchema, type BodyChanges, changeBody, prepareBody } from './transformer/body-changes.ts'
import {
  changeHeaders,
  requestHeadersSchema,
  type HeaderChanges,
  prepareHeaders,
} from './transformer/header-changes.ts'
import { changeQuery, prepareQuery, type QueryChanges, querySchema } from './transformer/query-changes.ts'
import { compileTemplate, referenceHelp, render, type Template } from './transformer/template.ts'

interface Transformer {
  readonly headers: HeaderChanges
  readonly query: QueryChanges
  readonly path: Template | undefined
  readonly body: BodyChanges
  readonly bodyBytes: number
}

/** Changes requests on their way to the upstream: headers, query, path and JSON body. What was sent stays in the capture. */
export const requestTransformer = definePolicy({
  type: 'request-transformer',
  docs: {
    summary: 'Changes headers, query, path and JSON body of requests before they are forwarded.',
    owasp: ['API8:2023'],
    example: `- request-transformer:
    headers:
      remove: [X-Debug]
      set: { X-User: "{consumer.name}", X-Tenant: "{claims.org.id}" }
    query: { remove: [debug] }
    path: /v2{path}
    body:
      remove: [/isAdmin]
      set: { /createdBy: "{claims.sub}" }`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      headers: requestHeadersSchema,
      query: querySchema,
      path: {
        type: 'string',
        pattern: '^(/|\\{path\\})',
        description: `Path to ask the upstream for, as a template: ${referenceHelp}. Values become one segment, percent-encoded; only \`{path}\` goes as it is. It takes the place of the route's own rewriting, and routing is over by then.`,
      },
      body: bodySchema,
      maxBody: {
        ...sizeSchema,
        default: '1mb',
        description: 'Largest body that is held to be changed; larger ones are refused.',
      },
    },
  },
  prepare: (config, setup): Transformer => {
    if (!config.headers && !config.query && config.path === undefined && !config.body) {
      setup.problem('', 'MISSING_KEY', 'it changes nothing', 'name `headers`, `query`, `path` or `body`')
    }
    return {
      headers: prepareHeaders(config.headers, 'request', setup),
      query: prepareQuery(config.query, setup),
      path: config.path === undefined ? undefined : pathTemplate(config.path, setup),
      body: prepareBody(config.body, setup),
      bodyBytes: parseSize(config.maxBody) ?? 0,
    }
  },
  phases: {
    requestHeaders: changeHead,
    requestBody: ({ body }, exchange, judge) => changeBody(body, 'request', exchange.request, exchange, judge),
  },
  body: ({ body, bodyBytes }) => (body.steps.length === 0 ? {} : { request: bodyBytes }),
})

function changeHead(transformer: Transformer, exchange: Exchange, judge: Judge): Outcome {
  const changes: Change[] = []
  const evidence: Evidence[] = []
  const { request } = exchange
  const refused =
    changeHeaders(transformer.headers, request.headers, exchange, judge, changes, evidence) ??
    (transformer.path && changePath(transformer.path, exchange, judge, changes))
  if (refused) return refused
  changeQuery(transformer.query, exchange, judge, changes, evidence)
  if (changes.length > 0) return modify(changes, evidence)
  return evidence.length > 0 ? { verdict: 'pass', evidence } : pass
}

function pathTemplate(text: string, setup: Setup): Template {
  if (!/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2}|\{[^{}]*\})*$/.test(text)) {
    const suggestion = 'percent-encode other characters, and use `query` for the query'
    setup.problem('/path', 'BAD_VALUE', `"${text}" is not a path`, suggestion)
    return { parts: ['/'] }
  }
  return compileTemplate(text, '/path', setup)
}

/** A value that holds a slash or makes a dot segment would reach another resource than the policies judged. */
function changePath(template: Template, exchange: Exchange, judge: Judge, changes: Change[]): Outcome | undefined {
  let unsafe: string | undefined
  const rendered = render(template, exchange, judge, (value, { text }) => {
    if (text === 'path') return value
    // oxlint-disable-next-line no-control-regex -- control characters are what it is about
    if (value === '' || /[\u0000-\u001f\u007f/\\]/.test(value)) unsafe ??= value
    return encodeURIComponent(value.toWellFormed())
  })
  if ('missing' in rendered) {
    const { at, text } = rendered.missing
    return deny('TRANSFORM_VALUE_MISSING', [{ at, observed: null, expected: `a value for {${text}} in the path` }])
  }
  if (unsafe === undefined && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(rendered.text) && !rendered.text.startsWith('//')) {
    if (rendered.text !== exchange.request.path) changes.push({ kind: 'set-path', path: rendered.text })
    return undefined
  }
  const observed = JSON.stringify((unsafe ?? rendered.text).slice(0, 200)).slice(1, -1)
  const expected = 'values that are one path segment, without slashes, dots alone or control characters'
  return deny('TRANSFORM_VALUE_UNSAFE', [{ at: { in: 'path' }, observed, expected }])
}
