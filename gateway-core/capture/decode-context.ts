import type { TraceEntry } from '../pipeline/outcome.ts'
import { contextHead, contextPerEntry } from './context-text.ts'
import type { ExchangeRecord, RecordedResponse } from './record.ts'

/** What many exchanges share, see `contextOf` in `context-text.ts`. */
export interface Context {
  method: string
  scheme: 'http' | 'https'
  authority: string
  httpVersion: string
  listener: ExchangeRecord['listener']
  environment?: string
  revision: string
  route?: string
  api?: string
  template?: string
  upstream?: string
  /** `[prefix]`: path and query of the forwarded request follow it. */
  upstreamUrl?: string | [string]
  verdict: ExchangeRecord['verdict']
  status: number
  code?: ExchangeRecord['code']
  decidedBy?: string
  consumer?: string
  groups: readonly string[]
  state: ExchangeRecord['state']
  upgrade?: ExchangeRecord['upgrade']
  response?: Pick<RecordedResponse, 'status' | 'reason' | 'from'>
  error?: string
  /** Trace entries without evidence and times. */
  shape: readonly TraceShape[]
}

export type TraceShape = Pick<
  TraceEntry,
  'policy' | 'type' | 'phase' | 'verdict' | 'mode' | 'position' | 'code' | 'reason' | 'branch'
>

/** Reads a context text. */
export function decodeContext(text: string): Context {
  const list = JSON.parse(text, (_key, value: unknown) => (value === null ? undefined : value)) as unknown[]
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the type of the place
  const at = <T>(index: number) => list[index] as T
  const responseStatus = at<number | undefined>(20)
  return {
    method: at(0),
    scheme: at(1),
    authority: at(2),
    httpVersion: at(3),
    listener: at(4),
    environment: at(5),
    revision: at(6),
    route: at(7),
    api: at(8),
    template: at(9),
    upstream: at(10),
    upstreamUrl: at(11),
    verdict: at(12),
    status: at(13),
    code: at(14),
    decidedBy: at(15),
    consumer: at(16),
    groups: at<string[] | undefined>(17) ?? [],
    state: at(18),
    upgrade: at(19),
    ...(responseStatus !== undefined && {
      response: { status: responseStatus, reason: at(21), from: at(22) },
    }),
    error: at(23),
    shape: shapesOf(list),
  }
}

function shapesOf(list: unknown[]): TraceShape[] {
  const shapes: TraceShape[] = []
  for (let at = contextHead; at < list.length; at += contextPerEntry) {
    const [policy, type, phase, verdict, mode, file, line, column, code, reason, branch] = list.slice(at)
    const shape = { policy, type, phase, verdict, mode, position: { file, line, column } } as TraceShape
    if (code !== undefined) shape.code = code as TraceShape['code']
    if (reason !== undefined) shape.reason = reason as string
    if (branch !== undefined) shape.branch = branch as string
    shapes.push(shape)
  }
  return shapes
}
