import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import type { Exchange } from '../exchange.ts'
import type { HeaderList } from '../headers.ts'
import type { Judge } from './policy.ts'

/** A compiled `when:` expression (CEL, https://cel.dev). `holds` says true or false, or why the expression failed. */
export interface Condition {
  readonly source: string
  holds(exchange: Exchange, judge: Judge): boolean | { error: string }
}

const environment = celEnv({ funcs: [...strings] })

/**
 * Compiles a condition. Variables: `request` (method, path, query, host, scheme, headers by lower-case name), `client`
 * (address), `route` (id, api, parameters), `consumer` (name, groups), `claims`, `response` (status, headers) in
 * response phases, `now` (milliseconds since the epoch). Throws an Error whose message says what is wrong and where.
 */
export function compileCondition(source: string): Condition {
  const evaluate = plan(environment, parse(source))
  // Most conditions read no header: then none is copied, and one that was sealed does not matter.
  const withHeaders = source.includes('headers')
  return {
    source,
    holds(exchange, judge) {
      const result = evaluate(bindings(exchange, judge, withHeaders))
      if (typeof result === 'boolean') return result
      return { error: isCelError(result) ? result.message : `the condition is not true or false but ${typeof result}` }
    },
  }
}

function bindings(exchange: Exchange, judge: Judge, withHeaders: boolean): Record<string, CelInput> {
  const headersOf = (message: { headers: HeaderList }) => (withHeaders ? headerMap(message.headers.entries()) : {})
  const { request, route, response } = exchange
  const values: Record<string, CelInput> = {
    request: {
      method: request.method,
      path: request.path,
      query: request.query,
      host: request.authority,
      scheme: request.scheme,
      headers: headersOf(request),
    },
    client: { address: exchange.clientAddress },
    route: { id: route?.id ?? '', api: route?.api ?? '', parameters: { ...route?.parameters } },
    consumer: { name: judge.consumer?.name ?? '', groups: [...(judge.consumer?.groups ?? [])] },
    claims: (judge.claims ?? {}) as CelInput,
    now: judge.now,
  }
  if (response) values['response'] = { status: response.status, headers: headersOf(response) }
  return values
}

function headerMap(entries: Iterable<[string, string]>): Record<string, string> {
  const map: Record<string, string> = {}
  for (const [name, value] of entries) {
    const lower = name.toLowerCase()
    map[lower] = lower in map ? `${map[lower]}, ${value}` : value
  }
  return map
}
