import type { RecordedRequest, RecordedResponse, StoredExchange } from '../capture/record.ts'
import type { Captures } from '../capture/store.ts'
import type { Workspace } from '../config/workspace.ts'
import type { RawHeaders } from '../exchange.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { ExchangeDetail, MessageHead } from '../protocol/types.ts'
import { instancesOf } from './policy-counters.ts'

/** Where the lines of policies are found: an open workspace, or a case. */
interface Surroundings {
  readonly workspace: Workspace | undefined
  readonly captures: Pick<Captures, 'revisionFile'>
}

/** A stored exchange (read with sealed secrets) as its screens need it: heads, trace, and the line of each policy, then and now. */
export function exchangeDetail(exchange: StoredExchange, opened: Surroundings): ExchangeDetail {
  const { request, forwarded, response, upstreamResponse, peer, trace, ...rest } = exchange
  const { certificates, ...address } = peer
  return {
    exchange: {
      ...rest,
      peer: certificates
        ? { ...address, certificates: certificates.map((der) => Buffer.from(der).toString('base64')) }
        : address,
      trace: trace.map(plainStep),
      request: headOf(request),
      ...(forwarded && { forwarded: headOf(forwarded) }),
      ...(response && { response: headOf(response) }),
      ...(upstreamResponse && { upstreamResponse: headOf(upstreamResponse) }),
    },
    lines: linesOf(exchange, opened),
    upstreamCalled: exchange.timings.upstreamMicros !== undefined || upstreamResponse?.from === 'upstream',
  }
}

/** A step as JSON carries it: new bodies are kept with the message, not in the trace. */
export function plainStep(entry: TraceEntry): TraceEntry {
  if (!entry.changes?.some(({ kind }) => kind === 'set-body')) return entry
  const changes = entry.changes.map((change) => {
    if (change.kind !== 'set-body') return change
    const { bytes: _, ...plain } = change
    return plain as typeof change
  })
  return { ...entry, changes }
}

function headOf<M extends RecordedRequest | RecordedResponse>(message: M): MessageHead<M> {
  const { body, ...head } = message
  if (!body) return head
  return {
    ...head,
    body: {
      length: body.length,
      kept: body.bytes.byteLength,
      truncated: body.truncated,
      contentType: fieldOf(message.headers, 'content-type'),
      encoding: body.decoded ? null : fieldOf(message.headers, 'content-encoding'),
    },
  }
}

export function fieldOf(headers: RawHeaders, name: string): string | null {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() === name) return headers[at + 1]!
  }
  return null
}

function linesOf(exchange: StoredExchange, opened: Surroundings): ExchangeDetail['lines'] {
  const { workspace, captures } = opened
  const now = new Map((workspace ? instancesOf(workspace) : []).map(({ id, position }) => [id, position]))
  const texts = new Map<string, string>()
  const textAt = (key: string, read: () => string | undefined) => {
    let text = texts.get(key)
    if (text === undefined) texts.set(key, (text = read() ?? ''))
    return text
  }
  const lines: ExchangeDetail['lines'] = {}
  for (const { policy, position } of exchange.trace) {
    if (Object.hasOwn(lines, policy)) continue
    const { file, line } = position
    const then = blockAt(
      textAt(`then ${file}`, () => captures.revisionFile(exchange.revision, file)),
      line,
    )
    const here = now.get(policy)
    if (!here) {
      // oxlint-disable-next-line unicorn/no-thenable -- a text, as the contract names it
      lines[policy] = { then, now: null, changed: true }
      continue
    }
    const inForce = workspace!.files.find((one) => one.path === here.file)
    const text = blockAt(
      textAt(`now ${here.file}`, () => inForce?.text),
      here.line,
    )
    const changed = then !== '' && then !== text
    // oxlint-disable-next-line unicorn/no-thenable -- a text, as the contract names it
    lines[policy] = { then, now: { file: here.file, line: here.line, text }, changed }
  }
  return lines
}

const mostLines = 40

/** The line (1-based) and those that belong to it by their indentation, without the indentation that they share. */
export function blockAt(text: string, line: number): string {
  const lines = text.split(/\r\n|\n/)
  const first = lines[line - 1]
  if (first === undefined) return ''
  const indent = /^\s*/.exec(first)![0].length
  const block = [first]
  for (let at = line; at < lines.length && block.length < mostLines; at++) {
    const next = lines[at]!
    if (next.trim() !== '' && /^\s*/.exec(next)![0].length <= indent) break
    block.push(next)
  }
  while (block.length > 1 && /^\s*(?:#.*)?$/.test(block.at(-1)!)) block.pop()
  return block.map((one) => one.slice(Math.min(indent, /^\s*/.exec(one)![0].length)).trimEnd()).join('\n')
}
