import type { ImportProblem } from '../../protocol/replay-reports.ts'
import type { ReplayRequest } from '../../protocol/replay-request.ts'
import { plainSettings } from '../from-exchange.ts'

/** Requests that were read from somewhere else, with what could not be taken over. */
export interface ImportedRequests {
  kind: 'curl' | 'http' | 'har' | 'postman' | 'openapi'
  requests: { name: string; request: ReplayRequest }[]
  variables: Map<string, string>
  problems: ImportProblem[]
}

export function blankRequest(method: string, url: string): ReplayRequest {
  return { method, url, version: '1.1', headers: [], body: null, settings: plainSettings }
}

export function hasField(headers: ReplayRequest['headers'], name: string): boolean {
  return headers.some((field) => field.name.toLowerCase() === name)
}
