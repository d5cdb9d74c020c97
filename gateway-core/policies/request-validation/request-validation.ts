import { parseSize, sizeSchema } from '../../config/units.ts'
import type { Evidence, Exchange } from '../../exchange.ts'
import { operationsOf, type Operation, type OperationMatch, type Operations } from '../../openapi/operations.ts'
import { compileSchema } from '../../openapi/schemas.ts'
import { deny, pass, type Outcome } from '../../pipeline/outcome.ts'
import { definePolicy, type Setup } from '../../pipeline/policy.ts'
import { checkBody, checkBodyHeaders } from './body-check.ts'
import { plainForm } from './body-value.ts'
import { kindOf, parseContentType } from './content-type.ts'
import { documentChecks, type BodyChecks, type OperationChecks } from './document-checks.ts'
import { checkParameters, type Finding } from './parameters-check.ts'

interface Prepared {
  operations: Operations | undefined
  checksOf: (operation: Operation) => OperationChecks
  /** Judges the body when no document does. */
  body: BodyChecks | undefined
  unknownOperations: 'deny' | 'warn' | 'allow'
  maxErrors: number
  bodyLimit: number
}

/** Judges requests by the API's OpenAPI document, or their body by a JSON Schema (OWASP API3, API8, API9). */
export const requestValidation = definePolicy({
  type: 'request-validation',
  docs: {
    summary: 'Lets only requests pass that match the OpenAPI document: operation, parameters, content type and body.',
    owasp: ['API3:2023', 'API8:2023', 'API9:2023'],
    example: `- request-validation:
    unknownProperties: deny
    unknownQuery: warn
    bodyLimit: 256kb
    schema: { type: object, required: [title], properties: { title: { type: string } } }`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      unknownProperties: {
        enum: ['deny', 'warn', 'allow'],
        default: 'deny',
        description:
          'Properties that no part of the schema names (mass assignment). `deny` also where `additionalProperties` is not written; a schema that allows them by name, or describes no properties at all, stays open.',
      },
      unknownQuery: {
        enum: ['deny', 'warn', 'allow'],
        default: 'deny',
        description:
          'Query parameters that the operation does not document. API keys of the security schemes count as documented.',
      },
      allowQuery: {
        type: 'array',
        items: { type: 'string' },
        default: [],
        description: 'Names of query parameters that may come with every operation, for example `utm_source`.',
      },
      unknownOperations: {
        enum: ['deny', 'warn', 'allow'],
        default: 'deny',
        description: 'Paths (404) and methods (405) that the document does not have.',
      },
      readOnlyProperties: {
        enum: ['deny', 'allow'],
        default: 'deny',
        description: 'What happens to a body that sets a property which the document marks `readOnly`.',
      },
      schema: {
        type: ['object', 'boolean'],
        description:
          'JSON Schema (2020-12) of the body, for an API without an OpenAPI document. It wins over the document for bodies.',
      },
      contentTypes: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        default: ['application/json'],
        description: 'Content types that `schema` applies to; others are refused.',
      },
      maxErrors: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: 10,
        description: 'How many faults of one request are listed at most.',
      },
      bodyLimit: {
        ...sizeSchema,
        default: '1mb',
        description: 'Largest body that is read for validation; a larger one is refused with 413.',
      },
    },
  },
  prepare: (config, setup): Prepared => {
    const bodyLimit = parseSize(config.bodyLimit)
    if (bodyLimit === undefined)
      setup.problem('/bodyLimit', 'BAD_DURATION', `"${config.bodyLimit}" is not a size`, 'write it like 256kb or 1mb')
    if (!setup.openapi && config.schema === undefined) {
      const message = 'there is nothing to validate by: the api names no OpenAPI document and the policy has no schema'
      setup.problem('', 'MISSING_KEY', message, 'write `openapi: openapi/books.yaml` at the api, or `schema:` here')
    }
    return {
      operations: setup.openapi && operationsOf(setup.openapi),
      checksOf: setup.openapi
        ? documentChecks(setup.openapi, config)
        : () => ({ parameters: noParameters, body: undefined }),
      body: config.schema === undefined ? undefined : inlineBody(config.schema, config.contentTypes, setup),
      unknownOperations: config.unknownOperations,
      maxErrors: config.maxErrors,
      bodyLimit: bodyLimit ?? 1024 ** 2,
    }
  },
  body: (prepared) => ({ request: prepared.bodyLimit }),
  phases: { requestHeaders: judgeHeaders, requestBody: judgeBody },
})

const noParameters = {
  byPlace: { path: [], query: [], header: [], cookie: [] },
  unknownQuery: 'allow',
  allowedQuery: new Set<string>(),
} as const

function judgeHeaders(prepared: Prepared, exchange: Exchange): Outcome {
  const { operations, maxErrors } = prepared
  if (!operations)
    return prepared.body ? outcomeOf(headerFinding(prepared.body, exchange, ''), undefined, maxErrors) : pass
  const { request } = exchange
  const match = operations.match(request.method, pathOf(exchange))
  if (match.found !== 'operation') return undocumented(match, prepared, exchange)
  const { operation } = match
  const checks = prepared.checksOf(operation)
  const findings = checkParameters(checks.parameters, operation, match.parameters, exchange, maxErrors)
  const body = prepared.body ?? checks.body
  findings.push(...headerFinding(body, exchange, `no body at ${operation.method} ${operation.template}`))
  return outcomeOf(findings, operation, maxErrors)
}

function judgeBody(prepared: Prepared, exchange: Exchange): Outcome {
  const { operations, maxErrors } = prepared
  const match = operations?.match(exchange.request.method, pathOf(exchange))
  const body = prepared.body ?? (match?.found === 'operation' ? prepared.checksOf(match.operation).body : undefined)
  return body ? outcomeOf(checkBody(body, exchange, maxErrors), undefined, maxErrors) : pass
}

function pathOf(exchange: Exchange): string {
  return exchange.route?.upstreamPath ?? exchange.request.path
}

function headerFinding(body: BodyChecks | undefined, exchange: Exchange, takesNone: string): Finding[] {
  const finding = checkBodyHeaders(body, exchange, takesNone)
  return finding ? [finding] : []
}

function undocumented(
  match: Exclude<OperationMatch, { found: 'operation' }>,
  prepared: Prepared,
  exchange: Exchange,
): Outcome {
  const { request } = exchange
  // A preflight asks on behalf of a request that is judged itself when it comes (Fetch standard).
  if (prepared.unknownOperations === 'allow' || isPreflight(exchange)) return pass
  const observed = `${request.method} ${pathOf(exchange)}`.slice(0, 200)
  const evidence: Evidence =
    match.found === 'path'
      ? {
          at: { in: 'method' },
          observed,
          expected: `${match.methods.join(' or ') || 'no method'} at ${match.template}`,
        }
      : { at: { in: 'path' }, observed, expected: 'a path of the OpenAPI document' }
  if (prepared.unknownOperations === 'warn') return { verdict: 'pass', evidence: [evidence] }
  if (match.found === 'nothing') return deny('OPERATION_UNDOCUMENTED', [evidence])
  return deny('METHOD_UNDOCUMENTED', [evidence], [['Allow', match.methods.join(', ')]])
}

function isPreflight(exchange: Exchange): boolean {
  const { method, headers } = exchange.request
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

function outcomeOf(findings: readonly Finding[], operation: Operation | undefined, maxErrors: number): Outcome {
  if (findings.length === 0 && !operation?.deprecated) return pass
  const denied = findings.filter((finding) => !finding.warning)
  if (denied.length > 0)
    return deny(
      denied[0]!.code,
      denied.slice(0, maxErrors).map((finding) => finding.evidence),
    )
  const evidence = findings.slice(0, maxErrors).map((finding) => finding.evidence)
  if (operation?.deprecated) {
    const observed = `${operation.method} ${operation.template}`
    evidence.push({ at: { in: 'path' }, observed, expected: 'an operation that is not deprecated' })
  }
  return { verdict: 'pass', evidence }
}

function inlineBody(schema: unknown, contentTypes: readonly string[], setup: Setup): BodyChecks | undefined {
  const media = contentTypes.flatMap((written, at) => {
    const type = parseContentType(written)
    if (!type)
      setup.problem(
        `/contentTypes/${at}`,
        'BAD_VALUE',
        `"${written}" is not a content type`,
        'write it like application/json',
      )
    return type ? [{ written, type }] : []
  })
  try {
    const validate = compileSchema(schema as Parameters<typeof compileSchema>[0])
    const checks = media.map((one) => ({
      ...one,
      kind: kindOf(one.type.essence),
      form: plainForm,
      validate,
      warn: undefined,
    }))
    return { required: true, byMethod: true, media: checks }
  } catch (error) {
    setup.problem('/schema', 'BAD_VALUE', `the schema does not compile: ${(error as Error).message}`)
    return undefined
  }
}
