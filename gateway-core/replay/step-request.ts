import type { ReplayBody, ReplayField, ReplayRequest } from '../protocol/replay-request.ts'
import { blankRequest, hasField } from './import/imported.ts'
import { ReplayError } from './replay-error.ts'
import { millisecondsOf, type SequenceStep } from './sequence.ts'

type RequestIn = (reference: string) => { request: ReplayRequest; variables: ReadonlyMap<string, string> }

/** The request of a step: written in place or in a `.http` file, with the step's own headers and body. */
export function stepRequest(step: SequenceStep, requestIn: RequestIn): ReturnType<RequestIn> {
  const { request: base, variables } = baseRequest(step.request, requestIn)
  const replaced = Object.entries(step.headers ?? {})
  const others = base.headers.filter(({ name }) => !replaced.some(([own]) => own.toLowerCase() === name.toLowerCase()))
  const headers: ReplayField[] = [...others, ...fieldsOf(replaced)]
  const body = step.body === undefined ? base.body : bodyOf(step.body)
  const settings = {
    ...base.settings,
    ...(step.redirects !== undefined && { redirects: step.redirects }),
    ...(step.timeout !== undefined && { timeoutMs: Math.max(1, millisecondsOf(step.timeout)) }),
  }
  return { request: { ...base, headers: withType(headers, step.body), body, settings }, variables }
}

function baseRequest(written: SequenceStep['request'], requestIn: RequestIn): ReturnType<RequestIn> {
  const variables = new Map<string, string>()
  if (typeof written === 'string') {
    if (/\.(?:http|rest)(?:#|$)/.test(written) && !/^[A-Z]+\s/.test(written)) return requestIn(written)
    const [, method, url] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s+(\S.*)$/.exec(written.trim()) ?? []
    if (method === undefined) {
      throw new ReplayError(`"${written.slice(0, 80)}" is no request`, 'write GET /path, or requests/file.http#name')
    }
    return { request: blankRequest(method, url!), variables }
  }
  const { method = 'GET', url, headers, body, file } = written
  const pairs = Array.isArray(headers)
    ? (headers as string[][]).map(([name, value]) => [name!, value!] as const)
    : Object.entries(headers ?? {})
  const content: ReplayBody = file === undefined ? bodyOf(body) : { kind: 'file', path: file }
  const request = { ...blankRequest(method, url), headers: withType(fieldsOf(pairs), body), body: content }
  return { request, variables }
}

type Scalar = string | number | boolean | null

function fieldsOf(pairs: readonly (readonly [string, Scalar])[]): ReplayField[] {
  return pairs.map(([name, value]) => ({ name, value: value === null ? '' : String(value) }))
}

/** Text goes out as it is, anything else as JSON. */
function bodyOf(body: unknown): ReplayBody {
  if (body === undefined || body === null) return null
  return { kind: 'text', text: typeof body === 'string' ? body : JSON.stringify(body) }
}

function withType(headers: ReplayField[], body: unknown): ReplayField[] {
  if (typeof body !== 'object' || body === null || hasField(headers, 'content-type')) return headers
  return [...headers, { name: 'Content-Type', value: 'application/json' }]
}
