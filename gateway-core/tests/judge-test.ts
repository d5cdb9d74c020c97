import type { Workspace } from '../config/workspace.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { Timeline } from '../pipeline/timeline.ts'
import { type Judgement, judgeRequest, type RequestToJudge } from '../proxy/judge-request.ts'
import type { Router } from '../proxy/router.ts'
import { mintToken } from './mint.ts'
import type { PolicyTest, TestRequest, TestResponse } from './policy-test.ts'
import { replaceReferences } from './references.ts'
import { consumerStandIn, secretStandIn } from './stand-ins.ts'
import { TestFacts } from './test-facts.ts'

/** What came of one request of a test. */
export interface JudgedStep {
  /** Number of the step, and of its repetition, from 0. */
  readonly step: number
  readonly repetition: number
  readonly judgement: Judgement
}

/**
 * Judges the requests of a test one after the other on fresh state and a virtual clock, by the gateway's own parser,
 * router and runner. Nothing outside is asked: the same test always comes to the same.
 */
export async function* judgeTest(workspace: Workspace, router: Router, test: PolicyTest): AsyncGenerator<JudgedStep> {
  const { given } = test
  const minted = new Set<string>()
  const tokens = new Map([...given.tokens].map(([name, spec]) => [name, remember(mintToken(spec, given.time), minted)]))
  const facts = new TestFacts(workspace, given, minted)
  const clock = new VirtualTime(given.time)
  const world = { state: new MemoryState(), timeline: clock, onError: workspace.onError }
  let number = 0
  for (const [at, step] of test.steps.entries()) {
    clock.pass(step.after)
    const { token } = step.request
    const bearer =
      token === undefined
        ? undefined
        : typeof token === 'string'
          ? tokens.get(token)
          : remember(mintToken(token, given.time), minted)
    const request = toJudge(step.request, step.response, bearer, (name) => tokens.get(name) ?? '', given.peer)
    for (let repetition = 0; repetition < step.repeat; repetition++) {
      if (repetition > 0) clock.pass(step.every)
      const id = `test${String(++number).padStart(16, '0')}`
      const judgement = await judgeRequest(workspace, router, world, facts, { ...request, id })
      yield { step: at, repetition, judgement }
    }
  }
}

function remember(token: string, minted: Set<string>): string {
  minted.add(token)
  return token
}

/** Time that passes only when it is told to. */
class VirtualTime implements Timeline {
  #now: number
  #sequence = 0

  constructor(now: number) {
    this.#now = now
  }

  pass(ms: number): void {
    this.#now += ms
  }

  now(): number {
    return this.#now
  }

  next(): number {
    return ++this.#sequence
  }

  micros(): number {
    return performance.now() * 1000
  }
}

function toJudge(
  request: TestRequest,
  response: TestResponse | undefined,
  bearer: string | undefined,
  tokenOf: (name: string) => string,
  peer: string,
): RequestToJudge {
  const fill = (text: string) =>
    replaceReferences(text, ({ kind, name }) =>
      kind === 'token' ? tokenOf(name) : kind === 'consumer' ? consumerStandIn(name) : secretStandIn(name),
    )
  const { scheme, authority, target } = splitUrl(fill(request.url))
  const body = request.body === undefined ? undefined : Buffer.from(fill(request.body))
  const fields = request.headers.map(([name, value]) => [name, fill(value)] as const)
  const has = (name: string) => fields.some(([field]) => field.toLowerCase() === name)
  const rawHeaders = fields.flat()
  if (bearer !== undefined) rawHeaders.unshift('Authorization', `Bearer ${bearer}`)
  if (!has('host')) rawHeaders.unshift('Host', authority)
  if (body && !has('content-length') && !has('transfer-encoding'))
    rawHeaders.push('Content-Length', String(body.length))
  return {
    head: { method: request.method, target, httpVersion: '1.1', scheme, rawHeaders },
    ...(body && { body: { bytes: body, decoded: !has('content-encoding') } }),
    peer: { address: peer, port: 40_000 },
    ...(response && {
      response: {
        status: response.status,
        reason: '',
        rawHeaders: response.headers.flat(),
        ...(response.body !== undefined && { body: { bytes: Buffer.from(response.body), decoded: true } }),
      },
    }),
  }
}

/** Not a character of the target is changed: `http://host/a/../b` keeps its dots. */
function splitUrl(url: string): { scheme: 'http' | 'https'; authority: string; target: string } {
  const match = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url)
  if (!match) return { scheme: 'http', authority: 'localhost', target: url }
  const rest = match[3]!
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return { scheme: match[1]!.toLowerCase() as 'http' | 'https', authority: match[2]!, target }
}
