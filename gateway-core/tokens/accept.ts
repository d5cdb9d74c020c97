import type { Acceptance } from '../protocol/tokens.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Place } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import type { FactSource } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import { layOut, type PolicyInstance } from '../pipeline/plan.ts'
import { Run } from '../pipeline/runner.ts'
import { LiveTimeline } from '../pipeline/timeline.ts'
import { tokenRules, type TokenRules } from '../policies/jwt-auth/token-rules.ts'

/** Every `jwt-auth` of a workspace, once each, in the order of its scopes. */
export function tokenPolicies(workspace: Workspace): { instance: PolicyInstance; rules: TokenRules }[] {
  const found = new Map<string, PolicyInstance>()
  for (const { plan } of [{ plan: workspace.unrouted }, ...workspace.routes]) {
    for (const instance of plan.instances) {
      if (instance.policy.type === 'jwt-auth') found.set(instance.id, found.get(instance.id) ?? instance)
    }
  }
  return [...found.values()].map((instance) => ({ instance, rules: tokenRules(instance.prepared) }))
}

/** Asks each policy by itself about a token, put where that policy looks for one. `when` and the rest of the chain do not count. */
export async function acceptances(workspace: Workspace, token: string, facts: FactSource): Promise<Acceptance[]> {
  const answers: Acceptance[] = []
  for (const { instance, rules } of tokenPolicies(workspace)) {
    const { query, headers } = tokenAt(rules.place, rules.scheme, token)
    const now = Date.now()
    const path = '/'
    const exchange = new JudgedExchange(
      'token-lab',
      now,
      { address: '127.0.0.1', port: 0 },
      {
        method: 'GET',
        scheme: 'https',
        authority: 'gatehouse.invalid',
        target: query === '' ? path : `${path}?${query}`,
        path,
        query,
        headers: HeaderList.of(headers),
        hasBody: false,
      },
    )
    const alone: PolicyInstance = { ...instance, mode: 'enforce', when: undefined }
    const plan = layOut([[{ kind: 'policy', instance: alone }]], () => [])
    const world = { state: new MemoryState(), timeline: new LiveTimeline(), onError: 'closed' as const }
    const run = new Run(exchange, plan, world, new ExchangeFacts(facts, exchange))
    await run.run('requestHeaders')
    const [entry] = run.trace
    const answer: Acceptance = {
      policy: instance.id,
      position: instance.position,
      accepted: run.decision === undefined,
      evidence: entry?.evidence ?? [],
    }
    if (entry?.code) answer.code = entry.code
    if (exchange.consumer) answer.consumer = exchange.consumer
    answers.push(answer)
  }
  return answers
}

/** A token at the place where a policy looks for it, as query and header fields. */
export function tokenAt(
  place: Place,
  scheme: string | undefined,
  token: string,
): { query: string; headers: [string, string][] } {
  const value = scheme === undefined ? token : `${scheme} ${token}`
  if (place.in === 'query')
    return { query: `${encodeURIComponent(place.name)}=${encodeURIComponent(value)}`, headers: [] }
  if (place.in === 'cookie') return { query: '', headers: [['Cookie', `${place.name}=${value}`]] }
  return { query: '', headers: [[place.in === 'header' ? place.name : 'Authorization', value]] }
}
