import type { Issuer } from './identity.ts'
import type { LoadRequest } from './load.ts'
import { badOrders, goodOrder } from './orders.ts'
import { plainGatehouse, tokenGatehouse, validationGatehouse } from './systems/gatehouse.ts'
import { plainPeers } from './systems/plain.ts'
import type { System } from './systems/system.ts'
import { tokenPeers } from './systems/tokens.ts'
import { upstreamBody } from './systems/upstream.ts'
import { validationPeers } from './systems/validation.ts'

/** One comparison: the same requests through several gateways that must all do the same work. */
export interface Scenario {
  key: 's1' | 's2' | 's3'
  title: string
  ours: readonly System[]
  peers: readonly System[]
  load(issuer: Issuer): LoadRequest[]
  /** Requests that a gateway must refuse, with the status that is expected of it. */
  mustRefuse(issuer: Issuer): { what: string; request: LoadRequest; status: (status: number) => boolean }[]
  /** Whether a client that sends too many requests must get a 429. */
  limits: boolean
}

const get = (token?: string): LoadRequest => ({
  method: 'GET',
  path: '/books/1',
  headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
})

const post = (body: string): LoadRequest => ({
  method: 'POST',
  path: '/orders',
  headers: { 'Content-Type': 'application/json' },
  body,
})

export const scenarios: readonly Scenario[] = [
  {
    key: 's1',
    title: 'S1: plain GET',
    ours: plainGatehouse,
    peers: plainPeers,
    load: () => [get()],
    mustRefuse: () => [],
    limits: false,
  },
  {
    key: 's2',
    title: 'S2: RS256 token and a rate limit for each client',
    ours: [tokenGatehouse],
    peers: tokenPeers,
    load: (issuer) => issuer.tokens.map(get),
    mustRefuse: (issuer) => [
      { what: 'no token', request: get(), status: (status) => status === 401 },
      ...Object.entries(issuer.badTokens).map(([what, token]) => ({
        what: `a token ${what}`,
        request: get(token),
        status: (status: number) => status === 401,
      })),
    ],
    limits: true,
  },
  {
    key: 's3',
    title: `S3: POST of ${goodOrder.length} bytes of JSON, validated`,
    ours: [validationGatehouse],
    peers: validationPeers,
    load: () => [post(goodOrder)],
    mustRefuse: () =>
      Object.entries(badOrders).map(([what, body]) => ({
        what: `a body in which ${what}`,
        request: post(body),
        status: (status) => status >= 400 && status < 500,
      })),
    limits: false,
  },
]

/** Sends one request and returns what came back. */
export async function send(port: number, request: LoadRequest): Promise<{ status: number; body: string }> {
  const { method, path, headers, body } = request
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body })
  return { status: response.status, body: await response.text() }
}

/** Sees to it that a gateway lets the load pass unchanged and refuses what it must; an error says what it did instead. */
export async function checkWork(scenario: Scenario, name: string, port: number, issuer: Issuer): Promise<void> {
  const [first] = scenario.load(issuer)
  const answer = await send(port, first as LoadRequest)
  if (answer.status !== 200 || answer.body !== upstreamBody) {
    throw new Error(
      `${name} should pass on the upstream's answer and gave ${answer.status}: ${answer.body.slice(0, 500)}`,
    )
  }
  for (const { what, request, status } of scenario.mustRefuse(issuer)) {
    const refusal = await send(port, request)
    if (!status(refusal.status)) throw new Error(`${name} should refuse ${what} and gave ${refusal.status}`)
  }
}

/** Sees to it that a gateway started with a limit of `limit` a minute refuses a client that sends more. */
export async function checkLimit(
  scenario: Scenario,
  name: string,
  port: number,
  issuer: Issuer,
  limit: number,
): Promise<void> {
  const [first] = scenario.load(issuer)
  const statuses: number[] = []
  for (let count = 0; count < limit * 2 + 1; count++) statuses.push((await send(port, first as LoadRequest)).status)
  if (statuses[0] !== 200 || !statuses.includes(429)) {
    throw new Error(
      `${name} with a limit of ${limit} a minute should answer 200 and then 429, and gave ${statuses.join(', ')}`,
    )
  }
}
