import { isForwardingField } from '../headers.ts'
import { hopByHop } from './forward-headers.ts'

/**
 * Fields that say how a message is framed, where it goes, who sent it or what its content is (RFC 9110 §6.5.1): behind
 * the body they were judged by no policy, and some servers merge trailers into the header fields.
 */
const early: ReadonlySet<string> = new Set([
  ...hopByHop,
  'authorization',
  'cache-control',
  'cookie',
  'expect',
  'host',
  'max-forwards',
  'pragma',
  'range',
  'set-cookie',
  'via',
  'x-api-key',
])

/** Whether a field may stand in the trailers of a message that goes on. */
export function mayTrail(name: string): boolean {
  const lower = name.toLowerCase().replaceAll('_', '-')
  return (
    !early.has(lower) &&
    !isForwardingField(lower) &&
    !/^(?:content-(?!digest$|md5$)|if-|sec-|x-http-method)/.test(lower)
  )
}

/** The trailers of a flat list that may go on. */
export function passingTrailers(raw: string[]): string[] {
  if (raw.length === 0) return raw
  return raw.filter((_, at) => mayTrail(raw[at - (at % 2)]!))
}
