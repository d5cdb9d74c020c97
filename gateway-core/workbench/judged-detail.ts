import type { ExchangeVerdict } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { RequestMessage, ResponseMessage } from '../exchange.ts'
import type { ExchangeDetail, MessageHead } from '../protocol/types.ts'
import type { Judgement } from '../proxy/judge-request.ts'
import { blockAt, fieldOf, plainStep } from './exchange-detail.ts'

type Exchange = ExchangeDetail['exchange']

/** A judgement as the screens show an exchange: what never travelled has no bytes to ask for. */
export function detailOfJudgement(id: string, judgement: Judgement, workspace: Workspace): ExchangeDetail {
  const { verdict, status, decidedBy, code, trace, facts, exchange, response, detail } = judgement
  const policyMicros = trace.reduce((sum, { micros }) => sum + micros, 0)
  const request = exchange?.request
  const shown: Exchange = {
    order: 0,
    secrets: 'none',
    id,
    startedAt: exchange?.startedAt ?? 0,
    durationMicros: Math.round(policyMicros),
    state: 'done',
    revision: workspace.revision,
    listener: 'none',
    peer: { address: exchange?.peer.address ?? '', port: exchange?.peer.port ?? 0 },
    clientAddress: exchange?.clientAddress ?? '',
    request: request ? requestHead(request) : noRequest,
    verdict: verdict === 'undecidable' ? 'error' : (verdict satisfies ExchangeVerdict),
    status,
    trace: trace.map(plainStep),
    facts: [...facts],
    timings: { policyMicros: Math.round(policyMicros) },
    sealed: [],
    ...(workspace.environment !== undefined && { environment: workspace.environment }),
    ...(response && { response: responseHead(response) }),
    ...(exchange?.route && { route: exchange.route }),
    ...(exchange?.consumer && { consumer: exchange.consumer }),
    ...(exchange?.claims && { claims: exchange.claims }),
    ...(decidedBy !== undefined && { decidedBy }),
    ...(code !== undefined && { code }),
    ...(detail !== undefined && verdict !== 'deny' && { error: detail }),
  }
  return { exchange: shown, lines: linesOf(judgement, workspace), upstreamCalled: verdict === 'pass' }
}

function linesOf({ trace }: Judgement, { files }: Workspace): ExchangeDetail['lines'] {
  const lines: ExchangeDetail['lines'] = {}
  for (const { policy, position } of trace) {
    if (Object.hasOwn(lines, policy)) continue
    const { file, line } = position
    const text = blockAt(files.find(({ path }) => path === file)?.text ?? '', line)
    // oxlint-disable-next-line unicorn/no-thenable -- a text, as the contract names it
    lines[policy] = { then: text, now: { file, line, text }, changed: false }
  }
  return lines
}

const noRequest: Exchange['request'] = {
  method: '',
  scheme: 'http',
  authority: '',
  target: '',
  path: '',
  query: '',
  httpVersion: '1.1',
  headers: [],
}

function requestHead(request: RequestMessage): Exchange['request'] {
  const { method, scheme, authority, target, path, query, headers, body } = request
  return {
    method,
    scheme,
    authority,
    target,
    path,
    query,
    httpVersion: '1.1',
    headers: headers.raw,
    ...bodyHead(headers.raw, body?.bytes.length),
  }
}

function responseHead({ status, reason, from, headers, body }: ResponseMessage): NonNullable<Exchange['response']> {
  return { status, reason, from, headers: headers.raw, ...bodyHead(headers.raw, body?.bytes.length) }
}

function bodyHead(
  headers: readonly string[],
  length: number | undefined,
): Pick<MessageHead<{ body?: unknown }>, 'body'> {
  if (!length) return {}
  return { body: { length, kept: 0, truncated: false, contentType: fieldOf(headers, 'content-type'), encoding: null } }
}
