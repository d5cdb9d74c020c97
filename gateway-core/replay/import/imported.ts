import type { ImportProblem } from '../../protocol/replay-reports.ts'
import type { ReplayBody, ReplayRequest } from '../../protocol/replay-request.ts'
import type { FileRequest } from '../http-file-text.ts'
import { plainSettings } from '../from-exchange.ts'
import { utf8Of } from '../wire-text.ts'

/** Requests that were read from somewhere else, with what could not be taken over. */
export interface ImportedRequests {
  kind: 'curl' | 'http' | 'har' | 'postman' | 'openapi'
  requests: FileRequest[]
  variables: Map<string, string>
  problems: ImportProblem[]
}

export function blankRequest(method: string, url: string): ReplayRequest {
  return { method, url, version: '1.1', headers: [], body: null, settings: plainSettings }
}

export function hasField(headers: ReplayRequest['headers'], name: string): boolean {
  return headers.some((field) => field.name.toLowerCase() === name)
}

/** Bytes as a body: text where all of it is and nothing in it reads like a variable, so that it can be edited. */
export function bytesBody(bytes: Buffer): ReplayBody {
  const text = utf8Of(bytes)
  return text !== undefined && !usesVariables(text)
    ? { kind: 'text', text }
    : { kind: 'bytes', base64: bytes.toString('base64') }
}

export function usesVariables(text: string): boolean {
  return /\{\{|\$\{(?:secret|env):/.test(text)
}
