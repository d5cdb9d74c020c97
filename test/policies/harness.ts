import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { HeldBody } from '../../gateway-core/body.ts'
import { denials } from '../../gateway-core/errors.ts'
import type { Claims, Consumer, RequestMessage, ResponseMessage } from '../../gateway-core/exchange.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import { compileCondition } from '../../gateway-core/pipeline/condition.ts'
import { ExchangeFacts } from '../../gateway-core/pipeline/exchange-facts.ts'
import type { FactQuery, FactSource } from '../../gateway-core/pipeline/facts.ts'
import { JudgedExchange } from '../../gateway-core/pipeline/judged-exchange.ts'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { layOut, type PlanNode, type PolicyInstance } from '../../gateway-core/pipeline/plan.ts'
import type { ConsumerEntry } from '../../gateway-core/pipeline/policy.ts'
import { Run } from '../../gateway-core/pipeline/runner.ts'
import type { StateStore } from '../../gateway-core/pipeline/state.ts'
import { policyByType } from '../../gateway-core/policies/index.ts'

type Headers = Record<string, string> | readonly (readonly [string, string])[]

export interface Given {
  request?: { method?: string; url?: string; headers?: Headers; body?: string | Uint8Array; peer?: string }
  response?: { status?: number; headers?: Headers; body?: string | Uint8Array; from?: 'upstream' | 'gateway' }
  route?: { template: string; parameters?: Record<string, string>; api?: string }
  consumers?: readonly Partial<ConsumerEntry>[]
  openapi?: Record<string, unknown>
  facts?: FactSource | Partial<Record<FactQuery['kind'], (query: never) => unknown>>
  state?: StateStore
  now?: number
  /** What identity policies before this one would have found. */
  consumer?: Consumer
  claims?: Claims
}

export interface Problem {
  pointer: string
  code: string
  message: string
  suggestion?: string
}

/** Loads list items of `policies:` as the workspace loader would: schema, defaults, prepare. */
export function loadPolicies(items: string | object, given: Given = {}): { nodes: PlanNode[]; problems: Problem[] } {
  const value: unknown = typeof items === 'string' ? parse(items) : items
  const problems: Problem[] = []
  const nodes = (Array.isArray(value) ? value : [value]).map((item) => node(item as object, given, problems))
  return { nodes, problems }
}

function node(item: object | string, given: Given, problems: Problem[]): PlanNode {
  const [type, config] = typeof item === 'string' ? [item, {}] : Object.entries(item)[0]!
  const position = { file: 'gatehouse.yaml', line: 1, column: 1 }
  if (type !== 'any-of') return { kind: 'policy', instance: instance(type, config as object, given, problems) }
  const branches = (config as object[]).map((branch) =>
    (Array.isArray(branch) ? branch : [branch]).map((one: object) => {
      const [branchType, branchConfig] = Object.entries(one)[0]!
      return instance(branchType, branchConfig as object, given, problems)
    }),
  )
  return { kind: 'any-of', branches, position }
}

const ajv = new Ajv2020({ useDefaults: true, allErrors: true, allowUnionTypes: true, strict: false })
const validators = new Map<string, ValidateFunction>()

function instance(type: string, written: object, given: Given, problems: Problem[]): PolicyInstance {
  const policy = policyByType.get(type)
  if (!policy) throw new Error(`no policy type ${type} is registered`)
  const { name = type, mode = 'enforce', when, ...own } = structuredClone(written ?? {}) as Record<string, unknown>
  let validate = validators.get(type)
  if (!validate) validators.set(type, (validate = ajv.compile(policy.config)))
  if (!validate(own)) throw new Error(`${type}: ${ajv.errorsText(validate.errors)}`)
  const prepared: unknown = policy.prepare(own, {
    consumers: (given.consumers ?? []).map((entry) => ({
      name: 'someone',
      groups: [],
      keyTags: [],
      subjects: [],
      ...entry,
    })),
    openapi: given.openapi,
    tag: (secret) => `tag(${secret})`,
    problem: (pointer, code, message, suggestion) => problems.push({ pointer, code, message, suggestion }),
  })
  const id = `api:test/${String(name)}`
  return {
    id,
    stateId: `${id}#test`,
    name: String(name),
    policy,
    mode: mode as 'enforce' | 'shadow',
    when: typeof when === 'string' ? compileCondition(when) : undefined,
    prepared,
    position: { file: 'gatehouse.yaml', line: 1, column: 1 },
    notes: {},
  }
}

/**
 * Judges one exchange by policies written as YAML (or as objects) through the real runner: request phases, then, unless
 * they ended it, the response phases over `given.response`. Facts not given answer `unavailable`.
 */
export async function judgeWith(items: string | object, given: Given = {}) {
  const { nodes, problems } = loadPolicies(items, given)
  const plan = layOut([nodes], () => [])
  const exchange = makeExchange(given)
  const facts = new ExchangeFacts(factSource(given), exchange)
  const now = given.now ?? Date.UTC(2026, 0, 15, 12)
  let sequence = 0
  const timeline = { now: () => now, next: () => ++sequence, micros: () => performance.now() * 1000 }
  const run = new Run(exchange, plan, { state: given.state ?? new MemoryState(), timeline, onError: 'closed' }, facts)
  await run.run('requestHeaders')
  if (!run.decision && exchange.request.hasBody && plan.requestBodyBytes > 0) {
    exchange.request = { ...exchange.request, body: new HeldBody(bytesOf(given.request?.body)) }
    await run.run('requestBody')
  }
  const decision = run.decision
  exchange.response = decision ? gatewayResponse(decision) : response(given)
  await run.run('responseHeaders')
  if (plan.responseBodyBytes > 0 && !(run.decision && run.decision !== decision)) {
    exchange.response = {
      ...exchange.response,
      body: exchange.response.body ?? new HeldBody(bytesOf(given.response?.body)),
    }
    await run.run('responseBody')
  }
  run.noteUnreached()
  const final = run.decision
  return {
    verdict: final?.verdict ?? 'pass',
    status: final ? gatewayResponse(final).status : exchange.response.status,
    code: final && 'code' in final ? final.code : undefined,
    decidedBy: final?.decidedBy,
    evidence: final?.verdict === 'deny' ? final.evidence : [],
    decision: final,
    trace: run.trace,
    request: exchange.request,
    response: exchange.response,
    learned: exchange.memory(),
    facts: facts.recorded,
    problems,
  }
}

function gatewayResponse(decision: NonNullable<Run['decision']>): ResponseMessage {
  if (decision.verdict === 'respond') {
    const { status, headers, body } = decision.response
    const held = body === undefined ? undefined : new HeldBody(bytesOf(body))
    return { status, reason: '', headers: HeaderList.of(headers), body: held, from: 'gateway' }
  }
  const status = decision.verdict === 'undecidable' ? 500 : denials[decision.code].status
  const headers = decision.verdict === 'deny' ? HeaderList.of(decision.headers) : new HeaderList([])
  return { status, reason: '', headers, from: 'gateway' }
}

function makeExchange(given: Given): JudgedExchange {
  const { method = 'GET', url = '/', headers = {}, body, peer = '127.0.0.1' } = given.request ?? {}
  const at = new URL(url, 'http://gateway.test')
  const list = HeaderList.of(headers)
  const raw = url.startsWith('http') ? at.pathname : url.split('?')[0]!
  const request: RequestMessage = {
    method,
    scheme: at.protocol === 'https:' ? 'https' : 'http',
    authority: list.get('host') ?? at.host,
    target: url,
    path: raw,
    query: url.includes('?') ? url.slice(url.indexOf('?') + 1) : '',
    headers: list,
    hasBody: body !== undefined,
    contentLength: body === undefined ? undefined : bytesOf(body).length,
  }
  const exchange = new JudgedExchange('test-exchange', given.now ?? 0, { address: peer, port: 40000 }, request)
  const route = given.route ?? { template: raw }
  exchange.route = { id: 'test/route', api: 'test', parameters: {}, upstreamPath: raw, ...route }
  exchange.consumer = given.consumer
  exchange.claims = given.claims
  return exchange
}

function response(given: Given): ResponseMessage {
  const { status = 200, headers = {}, from = 'upstream' } = given.response ?? {}
  return { status, reason: 'OK', headers: HeaderList.of(headers), from }
}

function factSource(given: Given): FactSource {
  const { facts = {} } = given
  if ('ask' in facts && typeof facts.ask === 'function') return facts as FactSource
  const answers = facts as Partial<Record<FactQuery['kind'], (query: FactQuery) => unknown>>
  return {
    ask: (query) => {
      const answer = answers[query.kind]
      return answer ? { value: answer(query) } : { unavailable: `the test gives no ${query.kind} fact` }
    },
  }
}

function bytesOf(body: string | Uint8Array | undefined): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array())
}
