import type { TokenVerdict } from '../protocol/tokens.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Peer } from '../exchange.ts'
import type { FactSource } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import { LiveTimeline } from '../pipeline/timeline.ts'
import { tokenRules, type TokenRules } from '../policies/jwt-auth/token-rules.ts'
import { type Judgement, judgeRequest } from '../proxy/judge-request.ts'
import { requestOfHead } from '../proxy/request-of-head.ts'
import { Router } from '../proxy/router.ts'
import { isRefusal, judgeHead } from '../proxy/strict.ts'
import { tokenAt } from './accept.ts'

/** A request that tokens are tried with. */
export interface Carrier {
  method: string
  /** Path and query. */
  target: string
  scheme: 'http' | 'https'
  /** Flat list; Host among it. */
  headers: readonly string[]
  body?: { bytes: Uint8Array; decoded: boolean }
  peer: Peer
}

/** Judges requests with one token after the other, as the gateway would, without sending anything; limiters start fresh each time. */
export class TokenTrial {
  readonly #workspace: Workspace
  readonly #router: Router
  readonly #facts: FactSource
  readonly #carrier: Carrier
  readonly #rules: TokenRules | undefined

  constructor(workspace: Workspace, facts: FactSource, carrier: Carrier) {
    this.#workspace = workspace
    this.#router = new Router(workspace.routes)
    this.#facts = facts
    this.#carrier = carrier
    this.#rules = rulesOn(workspace, this.#router, carrier)
  }

  /** The request with a token where the route's policy looks for it, in the place of one that is there; or with none. */
  request(token: string | undefined): Carrier {
    const { place, scheme } = this.#rules ?? {
      place: { in: 'header', name: 'Authorization' } as const,
      scheme: 'Bearer',
    }
    const { query, headers } = tokenAt(place, scheme, token ?? '')
    const name = place.in === 'cookie' ? 'cookie' : place.in === 'header' ? place.name.toLowerCase() : undefined
    const kept: string[] = []
    const { headers: before, target } = this.#carrier
    for (let at = 0; at + 1 < before.length; at += 2) {
      if (before[at]!.toLowerCase() !== name) kept.push(before[at]!, before[at + 1]!)
    }
    if (token === undefined) return { ...this.#carrier, headers: kept, target: withoutParameter(target, query) }
    kept.push(...headers.flat())
    return { ...this.#carrier, headers: kept, target: query === '' ? target : withParameter(target, query) }
  }

  /**
   * Whether no policy of the route reads the token: each of these passed, and so does a request without any. What got
   * through then says nothing about tokens.
   */
  async isUnread(verdicts: readonly TokenVerdict[]): Promise<boolean> {
    return verdicts.every(({ passes }) => passes) && (await this.judge(undefined)).passes
  }

  async judge(token: string | undefined): Promise<TokenVerdict> {
    const { method, target, scheme, headers, body, peer } = this.request(token)
    const world = { state: new MemoryState(), timeline: new LiveTimeline(), onError: this.#workspace.onError }
    const head = { method, target, httpVersion: '1.1', rawHeaders: [...headers], scheme }
    const request = { head, peer, ...(body && { body }) }
    return verdictOf(await judgeRequest(this.#workspace, this.#router, world, this.#facts, request))
  }
}

function verdictOf({ verdict, status, decidedBy, code, trace }: Judgement): TokenVerdict {
  const entry = decidedBy === undefined ? undefined : trace.findLast(({ policy }) => policy === decidedBy)
  return {
    passes: verdict === 'pass',
    verdict,
    status,
    ...(decidedBy !== undefined && { decidedBy }),
    ...(code && { code }),
    ...(entry && { position: entry.position }),
    evidence: entry?.evidence ?? [],
  }
}

/** What the first `jwt-auth` on the request's route wants. */
function rulesOn(workspace: Workspace, router: Router, carrier: Carrier): TokenRules | undefined {
  const { method, target, scheme, headers } = carrier
  const head = judgeHead({ method, target, scheme, httpVersion: '1.1', rawHeaders: [...headers] }, workspace.limits)
  if (isRefusal(head)) return undefined
  const { route } = router.match(requestOfHead(head))
  const { instances } = route?.plan ?? workspace.unrouted
  const instance = instances.find(({ policy }) => policy.type === 'jwt-auth')
  return instance && tokenRules(instance.prepared)
}

function withParameter(target: string, parameter: string): string {
  const bare = withoutParameter(target, parameter)
  return `${bare}${bare.includes('?') ? '&' : '?'}${parameter}`
}

function withoutParameter(target: string, parameter: string): string {
  if (parameter === '') return target
  const name = parameter.slice(0, parameter.indexOf('=') + 1)
  const [path, query = ''] = target.split('?', 2)
  const others = query.split('&').filter((one) => one !== '' && !one.startsWith(name))
  return others.length === 0 ? path! : `${path}?${others.join('&')}`
}
