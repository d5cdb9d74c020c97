import type { Limits } from '../config/workspace.ts'
import type { RawHeaders } from '../exchange.ts'
import type { Inbound } from './connection.ts'
import type { Engine } from './engine.ts'
import type { RequestEdit } from './holds.ts'
import { type HeadRefusal, isRefusal, judgeHead, type RequestHead } from './strict.ts'

/** Whose paths go on as they were written. */
export type AsSent = NonNullable<Parameters<typeof judgeHead>[0]['asSent']>

/** The same for what came in by the forward proxy; undefined for the gateway's own listeners. */
export function asSentIn({ router }: Engine, { proxied }: Pick<Inbound, 'proxied'>): AsSent | undefined {
  return proxied && ((authority, scheme) => !router.names(authority, scheme))
}

/**
 * The head of a request that somebody changed, judged as strictly as one that comes in. What is to go out exactly as
 * written may have lengths that contradict each other: those fields are not judged, and stand in the head all the same.
 * `bodyBytes`: length of the body that goes on, where it is known.
 */
export function editedHead(
  original: RequestHead,
  { method, target, headers, exact }: RequestEdit,
  bodyBytes: number | undefined,
  limits: Pick<Limits, 'headerBytes' | 'headerCount'>,
  asSent?: AsSent,
): RequestHead | HeadRefusal {
  const { scheme, httpVersion } = original
  const rawHeaders = [...headers]
  const judged = judgeHead(
    {
      method,
      target,
      // A person writes header names in any case, and names the host by Host.
      httpVersion: httpVersion === '2' ? '1.1' : httpVersion,
      rawHeaders: exact ? withoutFraming(rawHeaders) : rawHeaders,
      scheme,
      ...(asSent && { asSent }),
    },
    limits,
  )
  if (isRefusal(judged)) return judged
  const known = bodyBytes !== undefined
  return {
    ...judged,
    httpVersion,
    rawHeaders,
    hasBody: known ? bodyBytes > 0 : original.hasBody,
    contentLength: exact ? bodyBytes : judged.contentLength,
    expectContinue: known ? false : original.expectContinue,
  }
}

const framing = /^(?:content[-_]length|transfer[-_]encoding)$/i

function withoutFraming(headers: RawHeaders): string[] {
  return headers.filter((_, at) => !framing.test(headers[at - (at % 2)]!))
}
